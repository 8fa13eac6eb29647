"""Objects as rows: found, moved, copied and deleted under the caller's row security."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from api.schemas.storage import CopyRequest, ObjectRow, Relocation
from api.state import AppState
from api.storage.access import SERVICE, acting
from api.storage.contents import DEFAULT_TYPE, HEAD_BYTES, read_type
from api.storage.descriptions import DEFAULT_CACHE_CONTROL, read_cache_control
from api.storage.failures import no_such_bucket, no_such_key
from api.storage.names import check_bucket_name, check_key
from api.storage.placing import Description, Place, begin_version, drop_version, fill, try_place
from api.storage.rules import Rules, read_rules
from zilliance.database import READING, PostgresError
from zilliance.errors import AppError, UnavailableError
from zilliance.identity import Identity
from zilliance.storage import MissingObjectError, Stored, object_key

_COLUMNS = """
id, name, bucket_id, owner, owner_id, version, metadata::text, user_metadata::text, created_at, updated_at,
last_accessed_at
"""
_FIND = f"SELECT {_COLUMNS} FROM storage.objects WHERE bucket_id = $1 AND name = $2"  # noqa: S608
_FIND_VERSION = f"SELECT {_COLUMNS} FROM storage.objects WHERE version = $1"  # noqa: S608
_FIND_PUBLIC = """
SELECT o.id, o.name, o.bucket_id, o.owner, o.owner_id, o.version, o.metadata::text, o.user_metadata::text, o.created_at,
    o.updated_at, o.last_accessed_at
FROM storage.buckets AS b LEFT JOIN storage.objects AS o ON o.bucket_id = b.id AND o.name = $2
WHERE b.id = $1 AND b.public
"""
_MOVE = """
UPDATE storage.objects SET bucket_id = $3, name = $4
WHERE bucket_id = $1 AND name = $2 AND version = coalesce($5, version) RETURNING id
"""
_DELETE = f"""
DELETE FROM storage.objects WHERE bucket_id = $1 AND name = ANY ($2) RETURNING {_COLUMNS}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Found:
    """An object that a caller may read.

    Attributes:
        size: in bytes.
        etag: with its quotes.
        modified: when its row changed last: with its bytes, or with its name.
        user_metadata: what its uploader told.
    """

    id: UUID
    bucket_id: str
    name: str
    version: UUID
    size: int
    etag: str
    content_type: str
    cache_control: str
    content_encoding: str | None
    modified: datetime
    created: datetime
    user_metadata: dict[str, Any] | None

    @property
    def description(self) -> Description:
        told = None if self.user_metadata is None else orjson.dumps(self.user_metadata).decode()
        return Description(self.content_type, self.cache_control, self.content_encoding, told)


async def find(state: AppState, identity: Identity, bucket_id: str, name: str) -> Found:
    """Raises NoSuchKey when there is none, or none that the caller may see: the same work, the same answer."""
    async with acting(state, identity, READING) as connection:
        row = await connection.fetchrow(_FIND, bucket_id, name)
    return _found(row)


async def find_public(state: AppState, bucket_id: str, name: str) -> Found:
    """An object of a bucket that everybody reads. Raises NoSuchBucket, also for a private one, and NoSuchKey."""
    async with acting(state, SERVICE, READING) as connection:
        row = await connection.fetchrow(_FIND_PUBLIC, bucket_id, name)
    if row is None:
        raise no_such_bucket()
    return _found(row)


async def remove(state: AppState, identity: Identity, bucket_id: str, names: Sequence[str]) -> list[ObjectRow]:
    """Delete what the caller may delete of these. The rows that there were; their bytes follow."""
    async with acting(state, identity) as connection:
        rows = await connection.fetch(_DELETE, bucket_id, names)
    return [_row(row) for row in rows]


async def move(state: AppState, identity: Identity, wish: Relocation) -> tuple[UUID, str]:
    """Give an object another name. Its id, and its new bucket and name. The bytes stay where they are.

    Raises NoSuchKey, KeyAlreadyExists, AccessDenied, and what the rules of another bucket say.
    """
    source, target = _places(wish)
    checked: UUID | None = None  # only these bytes move: others that take their place meanwhile were not looked at
    if source[0] != target[0]:
        found = await find(state, identity, *source)
        await _check_fit(state, found, await read_rules(state, target[0]))
        checked = found.version
    async with acting(state, identity) as connection:
        row_id: UUID | None = await connection.fetchval(_MOVE, *source, *target, checked)
    if row_id is None:
        raise no_such_key()
    return row_id, "/".join(target)


async def copy(state: AppState, identity: Identity, wish: CopyRequest, *, upsert: bool) -> ObjectRow:
    """Make another object of the same bytes. Its row.

    Raises NoSuchKey, KeyAlreadyExists, AccessDenied, and what the rules of the bucket say.
    """
    source, target = _places(wish)
    found = await find(state, identity, *source)
    rules = await read_rules(state, target[0])
    description = _copied_description(found, wish)
    place = Place(*target, identity, identity.user_id, upsert)
    await _check_fit(state, replace(found, content_type=description.content_type), rules)
    await try_place(state, place, description)
    version = await _copy_bytes(state, place, found, description)
    # As the service: who may write need not be allowed to read. By version: the name may be another's by now.
    async with acting(state, SERVICE, READING) as connection:
        row = await connection.fetchrow(_FIND_VERSION, version)
    if row is None:
        raise no_such_key()
    return _row(row)


async def _copy_bytes(state: AppState, place: Place, found: Found, description: Description) -> UUID:
    """The version of the copy."""
    version = uuid4()
    new_id = await begin_version(state, version, place.owner)
    try:
        stored = await state.store.copy(object_key(found.version), object_key(version))
        # A large copy is made of parts, and has another tag than the original.
        await fill(state, place, version, Stored(found.size, stored.etag), description, new_id=new_id)
    except UnavailableError:
        raise  # the commit may have happened: the sweep knows
    except MissingObjectError as error:
        raise no_such_key() from error
    except (AppError, PostgresError):
        await drop_version(state, version)
        raise
    return version


async def _check_fit(state: AppState, found: Found, rules: Rules) -> None:
    """What is already stored must be what a bucket takes, as an upload must be."""
    rules.check_size(found.size)
    rules.check_type(found.content_type)
    if rules.verify_content_type:
        rules.check_head(found.content_type, await _head(state, found) if found.size else b"")


async def _head(state: AppState, found: Found) -> bytes:
    """The first bytes, as many as a check wants. An empty object has none to ask for."""
    last = min(found.size, HEAD_BYTES) - 1
    try:
        async with state.store.read(object_key(found.version), last=last) as chunks:
            return b"".join([chunk async for chunk in chunks])
    except MissingObjectError as error:
        raise no_such_key() from error


def _copied_description(found: Found, wish: CopyRequest) -> Description:
    description = found.description
    if wish.copy_metadata:
        return description
    said = wish.metadata
    return Description(
        read_type(said.mimetype) if said.mimetype else description.content_type,
        read_cache_control(said.cache_control),
        description.content_encoding,
    )


def _places(wish: Relocation) -> tuple[tuple[str, str], tuple[str, str]]:
    """Bucket and name, of the source and of the target."""
    bucket_id = check_bucket_name(wish.bucket_id)
    target = check_bucket_name(wish.destination_bucket) if wish.destination_bucket else bucket_id
    return (bucket_id, check_key(wish.source_key)), (target, check_key(wish.destination_key))


def _found(row: Any) -> Found:
    if row is None:
        raise no_such_key()
    metadata: dict[str, Any] = orjson.loads(row["metadata"] or "{}")
    if "size" not in metadata:  # a row that was made by hand has no bytes
        raise no_such_key()
    told = row["user_metadata"]
    return Found(
        row["id"],
        row["bucket_id"],
        row["name"],
        row["version"],
        metadata["size"],
        metadata.get("eTag", f'"{row["version"]}"'),
        metadata.get("mimetype", DEFAULT_TYPE),
        metadata.get("cacheControl", DEFAULT_CACHE_CONTROL),
        metadata.get("contentEncoding"),
        row["updated_at"],
        row["created_at"],
        None if told is None else orjson.loads(told),
    )


def _row(row: Any) -> ObjectRow:
    """The row as it is answered."""
    values = dict(row)
    for column in ("metadata", "user_metadata"):
        values[column] = None if values[column] is None else orjson.loads(values[column])
    return ObjectRow(**values)
