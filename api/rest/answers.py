"""From the one row that a statement returns to status, headers and bytes. The JSON passes through untouched."""

from dataclasses import dataclass, field
from urllib.parse import quote

import orjson

from api.rest import failures
from api.rest.catalogue import Function
from api.rest.grammar.headers import Form, Preferences
from api.rest.plan import Returned

_OK, _CREATED, _NO_CONTENT, _PARTIAL = 200, 201, 204, 206


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
        body: the rows as a JSON array, or as CSV.
        rows: how many they are.
        total: how many match without paging, where that was asked for.
        fresh: how many an upsert newly inserted, or None for other statements.
        response_status, response_headers: what a function said of its answer, as it said it.
    """

    body: str
    rows: int
    total: int | None = None
    fresh: int | None = None
    response_status: str | None = None
    response_headers: str | None = None


def read(result: Result, *, offset: int, form: Form, preferences: Preferences) -> Answer:
    """Raises AppError 416 when the range begins behind the last row."""
    answer = _page(result, offset)
    _fill(answer, result, form)
    _say_applied(answer, preferences, "count", "tx", "timezone")
    return answer


def called(result: Result, function: Function, *, offset: int, form: Form, preferences: Preferences) -> Answer:
    """What a function answers: rows, the one value or row that it returns, or nothing."""
    answer = _page(result, offset)
    if function.is_void:
        answer.status = _NO_CONTENT
    else:
        _fill(answer, result, form)
    if not function.is_set and not form.is_object and answer.body.startswith(b"["):
        answer.body = answer.body[1:-1] or b"null"
    _say_applied(answer, preferences, "count", "tx", "timezone", "max-affected")
    return answer


def _page(result: Result, offset: int) -> Answer:
    if result.total is not None and offset > result.total:
        raise failures.unsatisfiable_range(
            f"An offset of {offset} was requested, but there are only {result.total} rows."
        )
    is_part = result.total is not None and result.rows < result.total
    return Answer(_PARTIAL if is_part else _OK, headers={"Content-Range": _range(offset, result.rows, result.total)})


def inserted(result: Result, *, returned: Returned, table: str, form: Form, preferences: Preferences) -> Answer:
    nothing_new = result.fresh == 0 and preferences.resolution == "merge-duplicates"
    answer = Answer(_OK if nothing_new else _CREATED, headers={"Content-Range": f"*/{_total(result, preferences)}"})
    if returned is Returned.ROWS:
        _fill(answer, result, form)
    elif returned is Returned.KEYS and result.rows == 1:
        answer.headers["Location"] = _location(table, result.body)
    resolution = ("resolution",) if result.fresh is not None else ()
    _say_applied(answer, preferences, *resolution, "missing", "return", "count", "tx", "timezone")
    return answer


def changed(result: Result, *, returned: Returned, form: Form, preferences: Preferences, removed: bool) -> Answer:
    """The answer to an update or (`removed`) a deletion."""
    rows = "*" if removed or not result.rows else f"0-{result.rows - 1}"
    answer = Answer(_NO_CONTENT, headers={"Content-Range": f"{rows}/{_total(result, preferences)}"})
    if returned is Returned.ROWS:
        answer.status = _OK
        _fill(answer, result, form)
    missing = () if removed else ("missing",)
    _say_applied(answer, preferences, *missing, "return", "count", "tx", "timezone", "max-affected")
    return answer


def placed(result: Result, *, returned: Returned, form: Form, preferences: Preferences) -> Answer:
    """The answer to a PUT of one row."""
    answer = Answer(_NO_CONTENT)
    if returned is Returned.ROWS:
        answer.status = _CREATED if result.fresh else _OK
        _fill(answer, result, form)
    _say_applied(answer, preferences, "return", "count", "tx", "timezone")
    return answer


def _fill(answer: Answer, result: Result, form: Form) -> None:
    """The array, or its only element where one object was asked for."""
    answer.headers["Content-Type"] = form.content_type
    answer.body = result.body.encode()
    if form.is_object:
        answer.body = answer.body[1:-1]


def _range(offset: int, rows: int, total: int | None) -> str:
    shown = f"{offset}-{offset + rows - 1}" if rows else "*"
    return f"{shown}/{'*' if total is None else total}"


def _total(result: Result, preferences: Preferences) -> str:
    return str(result.rows) if preferences.count in {"exact", "estimated"} else "*"


def _say_applied(answer: Answer, preferences: Preferences, *honoured: str) -> None:
    if applied := preferences.applied(*honoured):
        answer.headers["Preference-Applied"] = applied


def _location(table: str, keys: str) -> str:
    """Where the new row is: `headers-only` shows its primary key alone."""
    (row,) = orjson.loads(keys)
    filters = "&".join(f"{quote(name)}=eq.{quote(str(value))}" for name, value in row.items())
    return f"/{quote(table)}?{filters}"
