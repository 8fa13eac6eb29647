"""Calls of functions, by GET with arguments in the URL and by POST with arguments in the body."""

import orjson

from api.rest import answers, failures, overrides
from api.rest.answers import Answer, Result
from api.rest.arguments import READING, Meant, by_body, by_url
from api.rest.catalogue import Function
from api.rest.grammar.headers import Kind
from api.rest.plan import Action, Returned, Shape
from api.rest.reads import page
from api.rest.requests import Call, Parsed
from api.rest.running import explained, run

_VOLATILE = "v"
_BYTES = '"pg_catalog"."bytea"'
_WITHHELD = frozenset({"cookie"})


async def call_function(parsed: Parsed) -> Answer:
    """Answer GET, HEAD and POST of a function."""
    meant = by_url(parsed) if parsed.call.method in READING else by_body(parsed)
    function, form, target = meant.function, parsed.form, parsed.target
    if form.kind in {Kind.TEXT, Kind.BYTES} and (function.is_set or not function.is_scalar):
        raise failures.not_acceptable(parsed.call.headers.get("accept", ""))
    limit, offset = page(parsed)
    shape = Shape(
        Action.CALL,
        parsed.schema,
        function.name,
        parsed.role,
        target.select,
        target.where,
        target.order,
        len(target.values),
        meant.names,
        meant.arguments,
        returned=Returned.NOTHING if parsed.call.method == "HEAD" else Returned.ROWS,
        format=form.format,
        is_limited=function.is_set,
        is_paged=function.is_set and offset > 0,
        is_counted=parsed.preferences.count is not None,
    )
    return await _answer(parsed, meant, shape, limit, offset)


async def _answer(parsed: Parsed, meant: Meant, shape: Shape, limit: int, offset: int) -> Answer:
    function, form = meant.function, parsed.form
    paging = (str(limit),) * shape.is_limited + (str(offset),) * shape.is_paged
    arguments = (*parsed.target.values, *meant.values, *paging)
    read_only = parsed.call.method in READING or function.volatility != _VOLATILE
    async with parsed.transaction(read_only=read_only, settings=_settings(parsed.call)) as connection:
        if form.plan is not None:
            return await explained(connection, parsed, shape, form.plan, *arguments)
        result = await run(connection, parsed, shape, *arguments)
        override = overrides.of(result)
        _check_rows(parsed, function, result)
    first = offset if function.is_set else 0
    answer = answers.called(result, function, offset=first, form=form, preferences=parsed.preferences)
    if form.kind in {Kind.TEXT, Kind.BYTES} and answer.body:
        answer.body = _bare(answer.body, function)
    override.apply(answer)
    return answer


def _bare(body: bytes, function: Function) -> bytes:
    """A scalar as it is rather than as JSON; bytes, which PostgreSQL writes as hexadecimal digits, as bytes."""
    value = orjson.loads(body)
    if not isinstance(value, str):
        return b"" if value is None else body
    if all(column.type == _BYTES for column in function.result.columns.values()):
        return bytes.fromhex(value.removeprefix("\\x"))
    return value.encode()


def _check_rows(parsed: Parsed, function: Function, result: Result) -> None:
    """Raises what takes back all that the function did."""
    preferences = parsed.preferences
    if parsed.form.is_object and not function.is_void and result.rows != 1:
        raise failures.not_single(result.rows)
    if preferences.max_affected is None or preferences.handling != "strict":
        return
    if not function.is_set:
        raise failures.unbounded_function()
    if result.rows > preferences.max_affected:
        raise failures.too_many_affected(result.rows)


def _settings(call: Call) -> tuple[tuple[str, str], ...]:
    """What functions may ask about the request, and what they may say of the answer: nothing yet.

    A function may have set the latter for the whole session, which the next caller gets.
    """
    headers = {name: value for name, value in call.headers.items() if name not in _WITHHELD}
    return (
        ("request.method", call.method),
        ("request.path", f"/rpc/{call.name}"),
        ("request.headers", orjson.dumps(headers).decode()),
        ("request.cookies", "{}"),
        ("response.status", ""),
        ("response.headers", ""),
    )
