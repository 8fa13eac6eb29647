"""A client of storage that does exactly what a test says."""

import base64
import json
from typing import Any
from uuid import UUID, uuid4

import httpx

from api.storage.access import SERVICE
from tests.api.served import Headers, Served
from zilliance.storage import MissingObjectError, object_key

ROOT = "/storage/v1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
MIB = 1024 * 1024


async def ask(api: Served, method: str, path: str, who: Headers | None = None, **more: Any) -> httpx.Response:
    """A request below `/storage/v1`; `headers` are added to those of `who`."""
    headers = {**(who or {}), **more.pop("headers", {})}
    return await api.http.request(method, f"{ROOT}/{path}", headers=headers, **more)


async def put(
    api: Served, who: Headers, path: str, body: bytes = b"bytes", kind: str = "text/plain", **headers: str
) -> httpx.Response:
    """An upload as a raw body. Names of headers have `_` for `-`."""
    named = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await ask(api, "POST", f"object/{path}", who, headers=named, content=body)


async def stored(api: Served, who: Headers, path: str, body: bytes = b"bytes", **more: Any) -> str:
    """An object that is there; its path with the bucket."""
    answer = await put(api, who, path, body, **more)
    assert answer.status_code == 200, answer.text
    return path


async def read(api: Served, who: Headers, path: str, **headers: str) -> httpx.Response:
    return await ask(api, "GET", f"object/{path}", who, headers=headers)


def refused(answer: httpx.Response, code: str, status: int) -> dict[str, Any]:
    """A refusal as clients of storage know it: 400, with the true status in the body."""
    body = answer.json()
    assert (answer.status_code, body["statusCode"], body["code"]) == (400, str(status), code), answer.text
    assert {"error", "message", "details"} <= set(body)
    return body


async def versions(api: Served, prefix: str) -> list[UUID]:
    """The versions of the objects under a prefix `bucket/name…`."""
    bucket, _, name = prefix.partition("/")
    async with api.state.transaction(SERVICE) as connection:
        rows = await connection.fetch(
            "SELECT version FROM storage.objects WHERE bucket_id = $1 AND starts_with(name, $2) ORDER BY name",
            bucket,
            name,
        )
    return [row["version"] for row in rows]


async def has_bytes(api: Served, version: UUID) -> bool:
    try:
        await api.state.store.stat(object_key(version))
    except MissingObjectError:
        return False
    return True


def form(boundary: str, fields: dict[str, str], file: bytes, *, name: str = "", kind: str = "image/png") -> bytes:
    """A form as supabase-js sends it: the fields, then the file."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="blob"'
    head = f"--{boundary}\r\n{disposition}\r\nContent-Type: {kind}\r\n\r\n"
    return b"".join([*parts, head.encode(), file, f"\r\n--{boundary}--\r\n".encode()])


async def put_form(api: Served, who: Headers, path: str, body: bytes) -> httpx.Response:
    headers = {"content-type": "multipart/form-data; boundary=b0undary"}
    return await ask(api, "POST", f"object/{path}", who, headers=headers, content=body)


async def bucket(api: Served, **rules: Any) -> str:
    """A new bucket, which only the service key opens: it has no policy."""
    name = f"b-{uuid4().hex}"
    answer = await ask(api, "POST", "bucket", api.service, json={"name": name, **rules})
    assert answer.status_code == 200, answer.text
    return name


def metadata_header(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()
