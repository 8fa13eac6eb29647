"""From the one row that a statement returns to status, headers and bytes. The JSON passes through untouched."""

from dataclasses import dataclass, field
from urllib.parse import quote

import orjson

from api.rest import failures
from api.rest.headers import JSON_TYPE, OBJECT_TYPE, Preferences
from api.rest.plan import Returned

_OK, _CREATED, _NO_CONTENT, _PARTIAL = 200, 201, 204, 206
_OBJECT_JSON = f"{OBJECT_TYPE}; charset=utf-8"


@dataclass(slots=True)
class Answer:
    """What goes over the wire."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Result:
    """What the statement returned.

    Attributes:
        body: the rows as a JSON array.
        rows: how many they are.
        total: how many match without paging, where that was asked for.
        fresh: how many an upsert newly inserted, or None for other statements.
    """

    body: str
    rows: int
    total: int | None = None
    fresh: int | None = None


def read(result: Result, *, location: str, offset: int, is_object: bool, preferences: Preferences) -> Answer:
    """Raises AppError 416 when the range begins behind the last row."""
    if result.total is not None and offset > result.total:
        raise failures.unsatisfiable_range(
            f"An offset of {offset} was requested, but there are only {result.total} rows."
        )
    answer = Answer(_OK, headers={"Content-Range": _range(offset, result.rows, result.total)})
    if result.total is not None and result.rows < result.total:
        answer.status = _PARTIAL
    answer.headers["Content-Location"] = location
    _fill(answer, result, is_object=is_object)
    _say_applied(answer, preferences, "count")
    return answer


def inserted(result: Result, *, returned: Returned, table: str, is_object: bool, preferences: Preferences) -> Answer:
    nothing_new = result.fresh == 0 and preferences.resolution == "merge-duplicates"
    answer = Answer(_OK if nothing_new else _CREATED, headers={"Content-Range": f"*/{_total(result, preferences)}"})
    if returned is Returned.ROWS:
        _fill(answer, result, is_object=is_object)
    elif returned is Returned.KEYS and result.rows == 1:
        answer.headers["Location"] = _location(table, result.body)
    resolution = ("resolution",) if result.fresh is not None else ()
    _say_applied(answer, preferences, *resolution, "missing", "return", "count")
    return answer


def changed(result: Result, *, returned: Returned, is_object: bool, preferences: Preferences, removed: bool) -> Answer:
    """The answer to an update or (`removed`) a deletion."""
    rows = "*" if removed or not result.rows else f"0-{result.rows - 1}"
    answer = Answer(_NO_CONTENT, headers={"Content-Range": f"{rows}/{_total(result, preferences)}"})
    if returned is Returned.ROWS:
        answer.status = _OK
        _fill(answer, result, is_object=is_object)
    _say_applied(answer, preferences, "return", "count")
    return answer


def _fill(answer: Answer, result: Result, *, is_object: bool) -> None:
    """The array, or its only element where one object was asked for."""
    answer.headers["Content-Type"] = _OBJECT_JSON if is_object else JSON_TYPE
    answer.body = result.body.encode()
    if is_object:
        answer.body = answer.body[1:-1]


def _range(offset: int, rows: int, total: int | None) -> str:
    shown = f"{offset}-{offset + rows - 1}" if rows else "*"
    return f"{shown}/{'*' if total is None else total}"


def _total(result: Result, preferences: Preferences) -> str:
    return str(result.rows) if preferences.count else "*"


def _say_applied(answer: Answer, preferences: Preferences, *honoured: str) -> None:
    if applied := preferences.applied(*honoured):
        answer.headers["Preference-Applied"] = applied


def _location(table: str, keys: str) -> str:
    """Where the new row is: `headers-only` shows its primary key alone."""
    (row,) = orjson.loads(keys)
    filters = "&".join(f"{quote(name)}=eq.{quote(str(value))}" for name, value in row.items())
    return f"/{quote(table)}?{filters}"
