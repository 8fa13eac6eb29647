"""Inserts, updates, deletions and the placing of single rows. What is refused here takes back all that was written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from api.rest import answers, documents, failures, placing
from api.rest.answers import Answer, Result
from api.rest.catalogue import Relation
from api.rest.documents import Document, Row, Sent, Source
from api.rest.plan import Action, Conflict, Returned, Shape
from api.rest.requests import Parsed
from api.rest.running import explained, run
from api.state import AppState
from zilliance.identity import Identity

Check = Callable[[Sequence[Row], AppState, Identity], Awaitable[Sequence[Row]]]
"""Looks at the rows of a write and gives back those to write, one for each with its columns. May raise AppError."""

Checks = Mapping[str, Check]
"""What looks at the rows of a relation of the first schema before they are written, by its name."""

_RETURNED = {"representation": Returned.ROWS, "headers-only": Returned.KEYS}


async def insert(parsed: Parsed, checks: Checks) -> Answer:
    """Answer POST to a relation."""
    preferences, target, relation = parsed.preferences, parsed.target, _relation(parsed)
    document = await _read(documents.new_rows, parsed, relation, checks)
    conflict = None
    if preferences.resolution is not None and (relation.key or target.on_conflict):
        conflict = Conflict(target.on_conflict, merge=preferences.resolution == "merge-duplicates")
    shape = _shape(parsed, relation, Action.INSERT, document.columns, conflict)
    texts = (document.text,) if document.columns else ()  # a row of defaults needs no document
    result = await _written(parsed, shape if document.rows else None, *target.values, *texts)
    if isinstance(result, Answer):
        return result
    return answers.inserted(
        result, returned=shape.returned, table=relation.name, form=parsed.form, preferences=preferences
    )


async def place(parsed: Parsed, checks: Checks) -> Answer:
    """Answer PUT: one row, which is there afterwards as it was sent."""
    relation = _relation(parsed)
    document = await _read(documents.new_rows, parsed, relation, checks)
    placing.check(parsed.target, relation, document)
    shape = _shape(parsed, relation, Action.INSERT, document.columns, Conflict(None, merge=True))
    result = await _written(parsed, shape, *parsed.target.values, document.text)
    if isinstance(result, Answer):
        return result
    return answers.placed(result, returned=shape.returned, form=parsed.form, preferences=parsed.preferences)


async def update(parsed: Parsed, checks: Checks) -> Answer:
    """Answer PATCH. An empty object changes nothing."""
    relation = _relation(parsed)
    _check_filtered(parsed, Action.UPDATE)
    document = await _read(documents.changes, parsed, relation, checks)
    shape = _shape(parsed, relation, Action.UPDATE, document.columns)
    arguments = (*parsed.target.values, document.text, *_paging(parsed))
    result = await _written(parsed, shape if document.columns else None, *arguments)
    return _changed(parsed, shape, result, removed=False)


async def delete(parsed: Parsed) -> Answer:
    """Answer DELETE."""
    _check_filtered(parsed, Action.DELETE)
    shape = _shape(parsed, _relation(parsed), Action.DELETE)
    result = await _written(parsed, shape, *parsed.target.values, *_paging(parsed))
    return _changed(parsed, shape, result, removed=True)


def _changed(parsed: Parsed, shape: Shape, result: Result | Answer, *, removed: bool) -> Answer:
    if isinstance(result, Answer):
        return result
    return answers.changed(
        result, returned=shape.returned, form=parsed.form, preferences=parsed.preferences, removed=removed
    )


def _relation(parsed: Parsed) -> Relation:
    return parsed.statements.catalogue.relation(parsed.schema, parsed.call.name)


async def _read(
    read: Callable[[Source, Sent, Sequence[Row]], Document], parsed: Parsed, relation: Relation, checks: Checks
) -> Document:
    source = Source(parsed.call.body, parsed.call.body_type, relation, parsed.target.columns)
    body = documents.sent(source)
    is_first = relation.schema == parsed.state.settings.rest.schemas[0]
    check = checks.get(relation.name) if is_first else None
    checked = body.rows if check is None else await check(body.rows, parsed.state, parsed.identity)
    return read(source, body, checked)


def _check_filtered(parsed: Parsed, action: Action) -> None:
    if not parsed.target.where and parsed.target.limit is None:
        raise failures.unfiltered(action.value.upper())


def _paging(parsed: Parsed) -> tuple[str, ...]:
    """The limit and the offset of a change that has them."""
    limit, offset = parsed.target.limit, parsed.target.offset
    return tuple(str(number) for number in (limit, offset or None) if number is not None)


def _shape(
    parsed: Parsed,
    relation: Relation,
    action: Action,
    columns: tuple[str, ...] = (),
    conflict: Conflict | None = None,
) -> Shape:
    target, preferences = parsed.target, parsed.preferences
    returned = _RETURNED.get(preferences.returned or "", Returned.NOTHING)
    is_insert = action is Action.INSERT
    is_limited = not is_insert and target.limit is not None
    is_paged = not is_insert and target.offset > 0
    return Shape(
        action,
        relation.schema,
        relation.name,
        parsed.role,
        target.select,
        () if is_insert else target.where,
        target.order if returned is Returned.ROWS or is_limited or is_paged else (),
        len(target.values),
        columns,
        returned=returned,
        format=parsed.form.format,
        conflict=conflict,
        missing_is_default=preferences.missing == "default",
        is_limited=is_limited,
        is_paged=is_paged,
    )


async def _written(parsed: Parsed, shape: Shape | None, *arguments: str) -> Result | Answer:
    """Run a writing statement; without a shape there is nothing to write, but the caller must still be let in.

    What is refused here raises inside the transaction: everything that was written is taken back. An answer instead
    of a result is the plan that was asked for.
    """
    async with parsed.transaction() as connection:
        if shape is None:
            result = Result("[]", 0)
        elif parsed.form.plan is not None:
            return await explained(connection, parsed, shape, parsed.form.plan, *arguments)
        else:
            result = await run(connection, parsed, shape, *arguments)
        _check_rows(parsed, result, is_insert=shape is not None and shape.action is Action.INSERT)
    return result


def _check_rows(parsed: Parsed, result: Result, *, is_insert: bool) -> None:
    preferences = parsed.preferences
    if parsed.form.is_object and result.rows != 1:
        raise failures.not_single(result.rows)
    if is_insert or preferences.max_affected is None or preferences.handling != "strict":
        return
    if result.rows > preferences.max_affected:
        raise failures.too_many_affected(result.rows)
