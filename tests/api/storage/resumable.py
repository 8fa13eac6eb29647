"""A TUS client that does exactly what a test says."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.api.served import Headers, Served

ROOT = "/storage/v1/upload/resumable"
VERSION = {"tus-resumable": "1.0.0"}
BYTES = {"content-type": "application/offset+octet-stream"}
MIB = 1024 * 1024


def metadata(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


def described(name: str, bucket: str = "documents", content_type: str = "text/plain") -> Headers:
    values = {"bucketName": bucket, "objectName": name, "contentType": content_type, "cacheControl": "60"}
    return {"upload-metadata": metadata(**values, metadata=json.dumps({"of": "a test"}))}


@dataclass
class Tus:
    """The uploads of one caller."""

    api: Served
    who: Headers
    root: str = ROOT

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**VERSION, **self.who, **more.pop("headers", {})}
        return await self.api.http.request(method, path, headers=headers, **more)

    async def create(self, name: str, length: int | None, body: bytes | None = None, **more: Any) -> httpx.Response:
        size = {"upload-defer-length": "1"} if length is None else {"upload-length": str(length)}
        headers = {**described(name, **more), **size, **(BYTES if body is not None else {})}
        return await self.ask("POST", self.root, headers=headers, content=body)

    async def begin(self, name: str, length: int | None, body: bytes | None = None, **more: Any) -> str:
        """The path of a new upload."""
        answer = await self.create(name, length, body, **more)
        assert answer.status_code == 201, answer.text
        return urlsplit(answer.headers["location"]).path

    async def patch(self, path: str, offset: int, body: bytes, **headers: str) -> httpx.Response:
        return await self.ask("PATCH", path, headers={**BYTES, "upload-offset": str(offset), **headers}, content=body)

    async def offset(self, path: str) -> int:
        answer = await self.ask("HEAD", path)
        assert answer.status_code == 200, answer.text
        return int(answer.headers["upload-offset"])

    async def stored(self, name: str, bucket: str = "documents") -> httpx.Response:
        return await self.api.http.get(f"/storage/v1/object/{bucket}/{name}", headers=self.who)
