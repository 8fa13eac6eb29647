"""Rows of a relation: one statement in a transaction that cannot write."""

from dataclasses import replace
from urllib.parse import quote

from api.rest import answers, counts, failures
from api.rest.answers import Answer
from api.rest.grammar.headers import parse_range
from api.rest.plan import Action, Returned, Shape
from api.rest.requests import Parsed
from api.rest.running import explained, run


async def read(parsed: Parsed) -> Answer:
    """Answer GET and HEAD of a relation."""
    call, target, preferences, form = parsed.call, parsed.target, parsed.preferences, parsed.form
    relation = parsed.statements.catalogue.relation(parsed.schema, call.name)
    limit, offset = page(parsed)
    is_exact = preferences.count is not None and counts.is_exact(parsed, relation)
    shape = Shape(
        Action.READ,
        relation.schema,
        relation.name,
        parsed.role,
        target.select,
        target.where,
        target.order,
        len(target.values),
        returned=Returned.NOTHING if call.method == "HEAD" else Returned.ROWS,
        format=form.format,
        is_limited=True,
        is_paged=offset > 0,
        is_counted=is_exact,
    )
    paging = (str(limit), str(offset)) if offset else (str(limit),)
    async with parsed.transaction(read_only=True) as connection:
        if form.plan is not None:
            return await explained(connection, parsed, shape, form.plan, *target.values, *paging)
        result = await run(connection, parsed, shape, *target.values, *paging)
        if preferences.count is not None and not is_exact:
            estimate = await counts.estimate(connection, parsed, relation, shape)
            result = replace(result, total=max(estimate, offset + result.rows))
    if form.is_object and result.rows != 1:
        raise failures.not_single(result.rows)
    answer = answers.read(result, offset=offset, form=form, preferences=preferences)
    answer.headers["Content-Location"] = _location(call.name, call.query)
    return answer


def page(parsed: Parsed) -> tuple[int, int]:
    """The rows that parameters, `Range` and the settings allow in common, and where they begin."""
    headers = parsed.call.headers
    first, rows = parse_range(headers.get("range"), headers.get("range-unit"))
    given = (parsed.target.limit, rows, parsed.state.settings.rest.max_rows)
    return min(limit for limit in given if limit is not None), parsed.target.offset + first


def _location(name: str, query: bytes) -> str:
    """The request's path and query, without a key that came in it: a header is logged where a key must not be."""
    if b"apikey=" in query:
        query = b"&".join(part for part in query.split(b"&") if not part.startswith(b"apikey="))
    return f"/{quote(name)}?{query.decode('latin-1')}" if query else f"/{quote(name)}"
