"""`put-object`, `get-object` and `sign-url`: files as the owner of the execution, by the rules of the buckets."""

import base64
import binascii
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from temporalio import activity

from activities.faults import fault, of_postgres
from workflows.contracts.execution import FunctionCallInput
from workflows.json_text import read_json, storable
from workflows.language.problems import Kind
from workflows.stubs import ObjectActivities
from zilliance.database import Database, PostgresError
from zilliance.object_rules import HEAD_BYTES, begins_as, broken_rule, essence, is_media_type, matches
from zilliance.settings import Settings
from zilliance.storage import MissingObjectError, ObjectStore, Stored, object_key
from zilliance.tokens import UrlTokens

MAX_BYTES = 2 * 1024 * 1024  # of a file that is read: as base64 it is still a value of a workflow
_REASON = "the function takes the owner's role itself"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    bucket: str
    path: str


class PutObject(_File):
    """The arguments of `put-object`."""

    content: Any  # a JSON edge: whatever the author's template yields
    encoding: Literal["text", "base64"] = "text"
    content_type: str | None = Field(default=None, alias="contentType")
    upsert: bool = False

    def body(self) -> tuple[bytes, str]:
        """The bytes and their type. Raises ValueError for what is not base64."""
        if self.encoding == "base64":
            if not isinstance(self.content, str):
                raise ValueError("content must be base64 text")
            return base64.b64decode(self.content, validate=True), self.content_type or "application/octet-stream"
        if isinstance(self.content, str):
            return self.content.encode("utf-8", "replace"), self.content_type or "text/plain; charset=utf-8"
        return json.dumps(self.content, ensure_ascii=False).encode(), self.content_type or "application/json"


class SignUrl(_File):
    """The arguments of `sign-url`."""

    expires_in: int = Field(default=3600, alias="expiresIn", ge=1, le=7 * 86_400)


class StoredObjectActivities(ObjectActivities):
    """Rows of storage.objects, and their bytes in the S3 store."""

    def __init__(self, database: Database, store: ObjectStore, urls: UrlTokens, settings: Settings) -> None:
        self._database = database
        self._store = store
        self._urls = urls
        self._settings = settings

    @activity.defn(name="object.call")
    async def call(self, call: FunctionCallInput) -> str:
        do = {"put-object": self._put, "get-object": self._get}.get(call.name, self._sign)
        try:
            return await do(call)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise fault(Kind.VALIDATION, f"{call.name}: with.{where}: {first['msg']}") from error
        except PostgresError as error:
            raise of_postgres(error) or error from error

    async def _put(self, call: FunctionCallInput) -> str:
        known = await self._database.call(
            "SELECT private.effect_answer($1, $2)::text", call.execution_id, call.key, reason=_REASON
        )
        if known is not None:
            return str(known)
        asked = PutObject.model_validate_json(storable(call.arguments))
        body, content_type = _body(asked)
        await self._check(asked, body, content_type)
        version = uuid5(call.execution_id, call.key)  # a repeat brings the same bytes to the same place
        await self._database.call("SELECT private.doom_version($1, $2)", version, call.owner_id, reason=_REASON)
        stored = await self._store.put(object_key(version), _chunks(body))
        answer = {"bucket": asked.bucket, "path": asked.path, "size": len(body), "contentType": content_type}
        result = await self._database.call(
            "SELECT private.effect_put_object($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::jsonb)::text",
            call.execution_id,
            call.key,
            call.owner_id,
            asked.bucket,
            asked.path,
            version,
            json.dumps(object_metadata(content_type, stored)),
            asked.upsert,
            json.dumps(answer),
            reason=_REASON,
        )
        return str(result)

    async def _check(self, asked: PutObject, body: bytes, content_type: str) -> None:
        """Raises the fault that breaking a rule of the bucket is, as an upload over HTTP would be refused."""
        _check_path(asked)
        if not is_media_type(content_type):
            raise fault(Kind.VALIDATION, f"{content_type!r:.100} is no media type such as image/png")
        async with self._database.service(reason="rules hold for who may not see the bucket") as connection:
            row = await connection.fetchrow("SELECT * FROM private.effect_object_rules($1)", asked.bucket)
        if row is None:
            raise fault(Kind.RUNTIME, f"there is no bucket {asked.bucket!r}", status=404)
        limit = min(
            row["file_size_limit"] or self._settings.storage.max_object_bytes, self._settings.storage.max_object_bytes
        )
        if len(body) > limit:
            raise fault(Kind.VALIDATION, f"the file is larger than the {limit} bytes that its bucket takes", status=413)
        allowed = row["allowed_mime_types"] or ()
        wrong = bool(allowed) and not matches(content_type, allowed)
        if wrong or (row["verify_content_type"] and not begins_as(content_type, body[:HEAD_BYTES])):
            detail = f"the bucket {asked.bucket!r} does not take this as {essence(content_type)}"
            raise fault(Kind.VALIDATION, detail, status=415)

    async def _get(self, call: FunctionCallInput) -> str:
        asked = _File.model_validate_json(storable(call.arguments))
        version, metadata = await self._found(call.owner_id, asked)
        size = metadata.get("size", 0)
        if size > MAX_BYTES:
            detail = f"the file is larger than {MAX_BYTES // 1024} KiB: hand on its URL instead (sign-url)"
            raise fault(Kind.RUNTIME, detail, status=413)
        content_type = str(metadata.get("mimetype", "application/octet-stream"))
        return json.dumps(
            {"content": _content(await self._read(version), content_type), "contentType": content_type, "size": size}
        )

    async def _read(self, version: UUID) -> bytes:
        try:
            async with self._store.read(object_key(version)) as chunks:
                return b"".join([chunk async for chunk in chunks])
        except MissingObjectError as error:
            raise fault(Kind.RUNTIME, "the file was replaced while it was read", status=409) from error

    async def _sign(self, call: FunctionCallInput) -> str:
        asked = SignUrl.model_validate_json(storable(call.arguments))
        await self._found(call.owner_id, asked)
        path, _ = self._urls.sign_download(asked.bucket, asked.path, seconds=asked.expires_in)
        return json.dumps({"url": f"{self._settings.api_url}/storage/v1{path}", "expiresIn": asked.expires_in})

    async def _found(self, owner: UUID, asked: _File) -> tuple[UUID, Mapping[str, Any]]:
        """The version and the metadata of a file. One that may not be read is as one that is not there."""
        _check_path(asked)
        async with self._database.service(reason=_REASON) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM private.effect_find_object($1, $2, $3)", owner, asked.bucket, asked.path
            )
        if row is None:
            raise fault(Kind.RUNTIME, f"there is no file {asked.path!r} in bucket {asked.bucket!r}", status=404)
        return row["version"], cast("dict[str, Any]", json.loads(row["metadata"] or "{}"))


def _check_path(asked: _File) -> None:
    rule = broken_rule(asked.path)
    if rule is not None:
        raise fault(Kind.VALIDATION, f"the path {asked.path!r:.200} cannot name a file: {rule}")


def _body(asked: PutObject) -> tuple[bytes, str]:
    try:
        return asked.body()
    except (ValueError, binascii.Error) as error:
        raise fault(Kind.VALIDATION, f"put-object: {error}") from error


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


def object_metadata(content_type: str, stored: Stored) -> Mapping[str, object]:
    """The column `metadata`, with the names that front ends read."""
    modified = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "mimetype": content_type,
        "cacheControl": "no-cache",
        "eTag": f'"{stored.etag}"',
        "size": stored.size,
        "contentLength": stored.size,
        "lastModified": modified,
        "httpStatusCode": 200,
    }


def _content(body: bytes, content_type: str) -> object:
    """JSON by its type where it is JSON, text where it is UTF-8, or else base64."""
    media = essence(content_type)
    try:
        if media == "application/json" or media.endswith("+json"):
            return read_json(body.decode())
        if media.startswith("text/"):
            return body.decode()
    except (ValueError, RecursionError):
        pass
    return base64.b64encode(body).decode()
