"""What a write sends: the body as checked JSON, the columns that it names, and the text that PostgreSQL reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from api.json_input import decode
from api.rest import csv_input, failures
from api.rest.bodies import BodyType, bound_columns, form_fields
from api.rest.catalogue import Relation

Row = dict[str, Any]

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
    """

    body: bytes
    type: BodyType
    relation: Relation
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The rows of a body as they were sent, and the JSON text that they stand in: an array, or one object."""

    rows: list[Row]
    text: str
    is_list: bool


def sent(source: Source) -> Sent:
    """What a body says, as rows. Raises InvalidInputError."""
    value, text = _read(source)
    is_list = isinstance(value, list)
    return Sent(_objects(cast("list[Any]", value) if is_list else [value]), text, is_list)


def new_rows(source: Source, body: Sent, checked: Sequence[Row]) -> Document:
    """What an insert writes: one object, or an array of objects, as `checked` has them. Raises InvalidInputError.

    Without `columns` all objects must have the same keys: a key that one of them lacks could mean NULL or the
    column's default.
    """
    rows = body.rows
    columns = _columns(rows) if source.columns is None else source.columns
    if not columns and len(rows) > 1:
        raise failures.invalid_body("More than one row needs at least one column")
    first = rows[0] if rows else {}
    text = body.text if body.is_list else f"[{body.text}]"
    if any(new is not old for new, old in zip(checked, rows, strict=True)):
        text = orjson.dumps(checked).decode()
    return Document(text, tuple(sorted(set(columns))), len(rows), first)


def changes(source: Source, body: Sent, checked: Sequence[Row]) -> Document:
    """What an update writes: one object, or an array of one or none, as `checked` has it. Raises InvalidInputError."""
    if len(body.rows) > 1:
        raise failures.invalid_body("An update takes one object, not several")
    row, new = (body.rows[0], checked[0]) if body.rows else ({}, {})
    text = body.text if new is row and not body.is_list else orjson.dumps(new).decode()
    columns = source.columns if source.columns and new else tuple(new)
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
