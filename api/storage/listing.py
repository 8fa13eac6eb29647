"""What a bucket holds, as far as the caller may see it, in pages."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from api.schemas.storage import (
    MAX_LISTED,
    ListedObject,
    Listing,
    Page,
    PagedFolder,
    PagedListing,
    PagedObject,
    SortBy,
)
from api.state import AppState
from api.storage.access import acting
from api.storage.failures import invalid_request
from zilliance.database import READING
from zilliance.identity import Identity

_COLUMNS = "key, id, created_at, updated_at, last_accessed_at, metadata::text AS metadata"
_BY_NAME = f"SELECT {_COLUMNS} FROM storage.list_by_name($1, $2, $3, $4, $5, $6, $7, $8)"  # noqa: S608
_BY_TIME = f"SELECT {_COLUMNS} FROM storage.list_by_time($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Query:
    """What is listed. `after` is the key of the last row of the page before, `after_time` its time."""

    bucket_id: str
    prefix: str
    is_delimited: bool
    order: SortBy
    limit: int
    offset: int = 0
    search: str | None = None
    after: str | None = None
    after_time: datetime | None = None


async def list_folder(state: AppState, identity: Identity, bucket_id: str, wish: Listing) -> list[ListedObject]:
    """The objects and folders of a folder, under their names in it."""
    folder = wish.prefix.lstrip("/")
    prefix = folder if folder.endswith("/") or not folder else f"{folder}/"
    limit = min(wish.limit, MAX_LISTED)
    query = _Query(bucket_id, prefix, True, wish.sort_by, limit, wish.offset, wish.search or None)
    rows = await _rows(state, identity, query)
    return [
        ListedObject(
            name=row["key"][len(prefix) :].removesuffix("/"),
            id=row["id"],
            updated_at=row["updated_at"],
            created_at=row["created_at"],
            last_accessed_at=row["last_accessed_at"],
            metadata=_json(row["metadata"]),
        )
        for row in rows
    ]


async def list_page(state: AppState, identity: Identity, bucket_id: str, wish: PagedListing) -> Page:
    """A page of what begins with a prefix, under whole names. Raises InvalidRequest for a cursor that is not ours."""
    after, after_time = _read_cursor(wish.cursor) if wish.cursor else (None, None)
    limit = min(wish.limit, MAX_LISTED)
    query = _Query(
        bucket_id, wish.prefix, wish.with_delimiter, wish.sort_by, limit + 1, after=after, after_time=after_time
    )
    rows = await _rows(state, identity, query)
    shown, has_next = rows[:limit], len(rows) > limit
    page = Page(
        has_next=has_next,
        folders=[PagedFolder(name=row["key"], key=row["key"]) for row in shown if row["id"] is None],
        objects=[_paged(row) for row in shown if row["id"] is not None],
    )
    if has_next:
        page.next_cursor = _cursor(shown[-1], wish.sort_by)
        page.next_cursor_key = shown[-1]["key"]
    return page


async def _rows(state: AppState, identity: Identity, query: _Query) -> Sequence[Any]:
    is_descending = query.order.order == "desc"
    arguments: list[object] = [query.bucket_id, query.prefix, query.is_delimited, is_descending, query.limit]
    arguments += [query.offset, query.search, query.after]
    statement = _BY_NAME
    if query.order.column != "name":
        statement = _BY_TIME
        arguments += [query.order.column, query.after_time]
    async with acting(state, identity, READING) as connection:
        return await connection.fetch(statement, *arguments)


def _paged(row: Any) -> PagedObject:
    return PagedObject(
        id=row["id"],
        name=row["key"],
        key=row["key"],
        updated_at=row["updated_at"],
        created_at=row["created_at"],
        last_accessed_at=row["last_accessed_at"],
        metadata=_json(row["metadata"]),
    )


def _cursor(row: Any, order: SortBy) -> str:
    time: datetime | None = None if order.column == "name" else row[order.column]
    return base64.urlsafe_b64encode(orjson.dumps([row["key"], time])).decode()


def _read_cursor(text: str) -> tuple[str, datetime | None]:
    try:
        key, time = orjson.loads(base64.urlsafe_b64decode(text.encode()))
        return str(key), None if time is None else datetime.fromisoformat(time).astimezone(UTC)
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise invalid_request("The cursor is not one that an earlier page gave") from error


def _json(text: str | None) -> dict[str, Any] | None:
    return None if text is None else orjson.loads(text)
