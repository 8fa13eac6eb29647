"""Buckets as the caller may see and change them."""

from collections.abc import Mapping
from typing import Literal

from api.schemas.storage import Bucket, BucketCreate, BucketRules, BucketUpdate, ListedBucket
from api.state import AppState
from api.storage.access import SERVICE, acting
from api.storage.contents import is_pattern
from api.storage.failures import (
    access_denied,
    already_exists,
    entity_too_large,
    invalid_mime_type,
    no_such_bucket,
    not_empty,
)
from api.storage.names import check_bucket_name
from api.storage.sizes import read_size
from zilliance.enums import Role
from zilliance.errors import AppError
from zilliance.identity import Identity

Column = Literal["id", "name", "created_at", "updated_at"]
Order = Literal["asc", "desc"]

EMPTIED_AT_ONCE = 5000

_COLUMNS = """
id, name, coalesce(owner_id, owner::text, '') AS owner, public, file_size_limit, allowed_mime_types, created_at,
updated_at
"""
_LIST = f"""
SELECT {_COLUMNS} FROM storage.buckets WHERE $1 = '' OR strpos(lower(name), lower($1)) > 0
ORDER BY {{column}} {{order}}, id LIMIT $2 OFFSET $3
"""  # noqa: S608
_GET = f"SELECT {_COLUMNS} FROM storage.buckets WHERE id = $1"  # noqa: S608
_INSERT = """
INSERT INTO storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_UPDATE = """
UPDATE storage.buckets SET public = coalesce($2, public),
    file_size_limit = CASE WHEN $3 THEN $4 ELSE file_size_limit END,
    allowed_mime_types = CASE WHEN $5 THEN $6 ELSE allowed_mime_types END
WHERE id = $1
"""
_DELETE = "DELETE FROM storage.buckets WHERE id = $1"
_EMPTY = """
DELETE FROM storage.objects WHERE id IN (SELECT id FROM storage.objects WHERE bucket_id = $1 LIMIT $2)
"""
_NONE = frozenset({"UPDATE 0", "DELETE 0"})


async def list_buckets(
    state: AppState, identity: Identity, *, limit: int, offset: int, search: str, order: tuple[Column, Order]
) -> list[ListedBucket]:
    statement = _LIST.format(column=order[0], order=order[1])
    async with acting(state, identity) as connection:
        rows = await connection.fetch(statement, search, limit, offset)
    return [ListedBucket(**row) for row in rows]


async def get_bucket(state: AppState, identity: Identity, bucket_id: str) -> Bucket:
    """Raises NoSuchBucket."""
    async with acting(state, identity) as connection:
        row = await connection.fetchrow(_GET, bucket_id)
    if row is None:
        raise no_such_bucket()
    return Bucket(**row)


async def create_bucket(state: AppState, identity: Identity, new: BucketCreate) -> str:
    """The name of the new bucket. Raises InvalidBucketName, BucketAlreadyExists, AccessDenied."""
    name = check_bucket_name(new.name)
    bucket_id = check_bucket_name(new.id) if new.id else name
    limit, types = _checked(state, new)
    owner = identity.user_id
    try:
        async with acting(state, identity) as connection:
            await connection.execute(
                _INSERT, bucket_id, name, owner, str(owner) if owner else None, bool(new.public), limit, types
            )
    except AppError as error:
        raise _told(error, {"KeyAlreadyExists": already_exists("BucketAlreadyExists")}) from error
    return name


async def update_bucket(state: AppState, identity: Identity, bucket_id: str, changes: BucketUpdate) -> None:
    """Raises NoSuchBucket."""
    limit, types = _checked(state, changes)
    said = changes.model_fields_set
    async with acting(state, identity) as connection:
        done = await connection.execute(
            _UPDATE,
            bucket_id,
            changes.public,
            "file_size_limit" in said,
            limit,
            "allowed_mime_types" in said,
            types,
        )
    if done in _NONE:
        raise no_such_bucket()


async def empty_bucket(state: AppState, identity: Identity, bucket_id: str) -> None:
    """Delete every object; their bytes follow. For the service alone. Raises AccessDenied, NoSuchBucket."""
    if identity.role is not Role.SERVICE:
        raise access_denied("Only the service may empty a bucket")
    await get_bucket(state, SERVICE, bucket_id)
    done = ""
    while done not in _NONE:
        # In pieces, so that a large bucket needs no long statement.
        async with acting(state, identity) as connection:
            done = await connection.execute(_EMPTY, bucket_id, EMPTIED_AT_ONCE)


async def delete_bucket(state: AppState, identity: Identity, bucket_id: str) -> None:
    """Raises NoSuchBucket, ResourceNotEmpty."""
    try:
        async with acting(state, identity) as connection:
            done = await connection.execute(_DELETE, bucket_id)
    except AppError as error:
        raise _told(error, {"RelatedResource": not_empty()}) from error
    if done in _NONE:
        raise no_such_bucket()


def _checked(state: AppState, rules: BucketRules) -> tuple[int | None, list[str] | None]:
    """The limit in bytes and the types. Raises EntityTooLarge, InvalidMimeType."""
    limit = None if rules.file_size_limit is None else read_size(rules.file_size_limit)
    largest = state.settings.storage.max_object_bytes
    if limit is not None and limit > largest:
        raise entity_too_large(largest)
    for pattern in rules.allowed_mime_types or ():
        if not is_pattern(pattern):
            raise invalid_mime_type(pattern)
    return limit or None, rules.allowed_mime_types


def _told(error: AppError, of_buckets: Mapping[str, AppError]) -> AppError:
    """The same refusal, as it reads where it is about a bucket."""
    return of_buckets.get(error.code, error)
