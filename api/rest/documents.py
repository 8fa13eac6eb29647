"""What a write sends: the body as checked JSON, the columns that it names, and the text that PostgreSQL reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson

from api.json_input import decode
from api.rest import csv_input, failures
from api.rest.bodies import BodyType, bound_columns, form_fields
from api.rest.catalogue import Relation

Row = dict[str, Any]

Check = Callable[[Row], Row]
"""Looks at a row before it is written and gives back the row to write. May raise AppError."""

_DOCUMENT_TYPES = frozenset({'"pg_catalog"."json"', '"pg_catalog"."jsonb"'})


@dataclass(frozen=True, slots=True)
class Document:
    """The rows of one write. `text` is a JSON array, or for an update an object; `columns` come in a steady order.

    Attributes:
        first: the first row as it was sent, empty without one.
    """

    text: str
    columns: tuple[str, ...]
    rows: int
    first: Row


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document comes from.

    Attributes:
        columns: what to take from it, or None for all that it names.
        check: what looks at each row.
    """

    body: bytes
    type: BodyType
    relation: Relation
    columns: tuple[str, ...] | None = None
    check: Check | None = None


def new_rows(source: Source) -> Document:
    """What an insert writes: one object, or an array of objects. Raises InvalidInputError.

    Without `columns` all objects must have the same keys: a key that one of them lacks could mean NULL or the
    column's default.
    """
    value, text = _read(source)
    is_list = isinstance(value, list)
    rows = _objects(cast("list[Any]", value) if is_list else [value])
    checked = rows if source.check is None else [source.check(row) for row in rows]
    columns = _columns(rows) if source.columns is None else source.columns
    if not columns and len(rows) > 1:
        raise failures.invalid_body("More than one row needs at least one column")
    first = rows[0] if rows else {}
    if any(new is not old for new, old in zip(checked, rows, strict=True)):
        columns = tuple(sorted({*columns, *(checked[0].keys() - first.keys())}))
        return Document(orjson.dumps(checked).decode(), columns, len(rows), first)
    return Document(text if is_list else f"[{text}]", tuple(sorted(set(columns))), len(rows), first)


def changes(source: Source) -> Document:
    """What an update writes: one object, or an array of one or none. Raises InvalidInputError."""
    value, text = _read(source)
    if isinstance(value, list):
        rows = _objects(cast("list[Any]", value))
        if len(rows) > 1:
            raise failures.invalid_body("An update takes one object, not several")
        row, text = (rows[0], orjson.dumps(rows[0]).decode()) if rows else ({}, "{}")
    else:
        (row,) = _objects([value])
    checked = row if source.check is None else source.check(row)
    if checked is not row:
        text = orjson.dumps(checked).decode()
    columns = source.columns if source.columns and checked else checked
    bound_columns(columns)
    return Document(text, tuple(sorted(set(columns))), 1, row)


def _read(source: Source) -> tuple[Any, str]:
    """The body as values, and as JSON text."""
    if source.type is BodyType.JSON:
        return decode(source.body), source.body.decode()
    if source.type is BodyType.CSV:
        columns = source.relation.columns.values()
        held = {column.name for column in columns if column.type in _DOCUMENT_TYPES}
        value: Any = csv_input.rows_of(source.body, held)
    elif source.type is BodyType.FORM:
        value = dict(form_fields(source.body))
    else:
        raise failures.unreadable(source.type.value)
    return value, orjson.dumps(value).decode()


def _columns(rows: list[Row]) -> tuple[str, ...]:
    if not rows:
        return ()
    first = rows[0].keys()
    bound_columns(first)
    if any(row.keys() != first for row in rows):
        raise failures.invalid_body("All object keys must match", hint="Name the columns in the parameter `columns`")
    return tuple(first)


def _objects(values: list[Any]) -> list[Row]:
    for value in values:
        if not isinstance(value, dict):
            raise failures.invalid_body("The body must be an object or an array of objects")
    return values
