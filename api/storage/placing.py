"""Rows of objects: tried before any byte is taken, and written when every byte is safe."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from api.state import AppState
from api.storage.access import acting, trying
from zilliance.database import Connection
from zilliance.errors import UnavailableError
from zilliance.identity import Identity
from zilliance.storage import Stored, object_key

REASON = "which bytes belong to nobody yet is the platform's own bookkeeping"

_INSERT = """
INSERT INTO storage.objects (id, bucket_id, name, owner, version, metadata, user_metadata)
VALUES (coalesce($1, uuidv7()), $2, $3, $4, coalesce($5, gen_random_uuid()), $6::text::jsonb, $7::text::jsonb)
"""
# Whoever replaces a row must be able to read it, so its id may as well be returned. A new row's need not be readable.
_UPSERT = f"""
{_INSERT} ON CONFLICT (bucket_id, name) DO UPDATE SET owner = excluded.owner, version = excluded.version,
    metadata = excluded.metadata, user_metadata = excluded.user_metadata, last_accessed_at = now()
RETURNING id
"""
_DOOM = "SELECT uuidv7() FROM private.doom_version($1, $2)"
_FORGET = "SELECT private.forget_versions(ARRAY[$1::uuid])"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object goes, and who puts it there.

    Attributes:
        identity: acts on the row: the caller, or the service where a token has said yes.
        owner: whom the object will belong to; for callers it is the account.
        upsert: whether it may take the place of another.
    """

    bucket_id: str
    name: str
    identity: Identity
    owner: UUID | None
    upsert: bool

    @property
    def key(self) -> str:
        """Bucket and name, as clients get it back."""
        return f"{self.bucket_id}/{self.name}"


@dataclass(frozen=True, slots=True)
class Description:
    """What an uploader tells about a file.

    Attributes:
        content_type: a media type that was checked.
        cache_control: of the answers that carry it.
        content_encoding: of the bytes, such as `gzip`.
        user_metadata: the text of a JSON object.
    """

    content_type: str
    cache_control: str
    content_encoding: str | None = None
    user_metadata: str | None = None


async def try_place(state: AppState, place: Place, description: Description | None = None) -> None:
    """Whether the row could be written: it is, and is taken back. Raises AccessDenied, KeyAlreadyExists."""
    told = None if description is None else _metadata(description)
    async with trying(state, place.identity) as connection:
        await _write(connection, place, (None, None), told, description.user_metadata if description else None)


async def fill(
    state: AppState,
    place: Place,
    version: UUID,
    stored: Stored,
    description: Description,
    *,
    new_id: UUID | None = None,
) -> UUID | None:
    """Write the row: from now on readers find these bytes. Its id, where that is known.

    Raises AccessDenied and KeyAlreadyExists, as the trial does: in the meantime the world may have changed.
    """
    metadata = _metadata(description, stored)
    async with acting(state, place.identity) as connection:
        replaced = await _write(connection, place, (new_id, version), metadata, description.user_metadata)
    return replaced or new_id


async def begin_version(state: AppState, version: UUID, owner: UUID | None) -> UUID:
    """Register bytes that are about to come, so that the sweep finds them whatever dies. An id for their row."""
    new_id = await state.service.call(_DOOM, version, owner, reason=REASON)
    assert isinstance(new_id, UUID)  # noqa: S101  what uuidv7() returns
    return new_id


async def drop_version(state: AppState, version: UUID) -> None:
    """Remove bytes that no row has taken and none ever will; where that fails the sweep does it."""
    with suppress(UnavailableError):
        await state.store.discard(object_key(version))
        await state.service.call(_FORGET, version, reason=REASON)


async def _write(
    connection: Connection, place: Place, ids: tuple[UUID | None, UUID | None], metadata: str | None, told: str | None
) -> UUID | None:
    new_id, version = ids
    values = (new_id, place.bucket_id, place.name, place.owner, version, metadata, told)
    if place.upsert:
        row_id: UUID = await connection.fetchval(_UPSERT, *values)
        return row_id
    await connection.execute(_INSERT, *values)
    return None


def _metadata(description: Description, stored: Stored | None = None) -> str:
    """The column `metadata`, with the names that front ends read."""
    metadata: dict[str, object] = {"mimetype": description.content_type, "cacheControl": description.cache_control}
    if description.content_encoding:
        metadata["contentEncoding"] = description.content_encoding
    if stored is not None:
        modified = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        metadata |= {"eTag": f'"{stored.etag}"', "size": stored.size, "contentLength": stored.size}
        metadata |= {"lastModified": modified, "httpStatusCode": 200}
    return orjson.dumps(metadata).decode()
