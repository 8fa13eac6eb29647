"""What a write sends: the body as checked JSON, the columns that it names, and the text that PostgreSQL reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson

from api.json_input import decode
from api.rest import failures

Row = dict[str, Any]

Check = Callable[[Row], Row]
"""Looks at a row before it is written and gives back the row to write. May raise AppError."""


@dataclass(frozen=True, slots=True)
class Document:
    """The rows of one write. `text` is always a JSON array; `columns` come in a steady order."""

    text: str
    columns: tuple[str, ...]
    rows: int


def new_rows(body: bytes, columns: tuple[str, ...] | None, check: Check | None) -> Document:
    """What an insert writes: one object, or an array of objects. Raises InvalidInputError.

    Without `columns` all objects must have the same keys: a key that one of them lacks could mean NULL or the
    column's default.
    """
    value = decode(body)
    is_list = isinstance(value, list)
    rows = _objects(cast("list[Any]", value) if is_list else [value])
    checked = rows if check is None else [check(row) for row in rows]
    if columns is None:
        columns = tuple(sorted(rows[0])) if rows else ()
        if any(row.keys() != rows[0].keys() for row in rows):
            raise failures.invalid_body(
                "All object keys must match", hint="Name the columns in the parameter `columns`"
            )
    if not columns and len(rows) > 1:
        raise failures.invalid_body("More than one row needs at least one column")
    if any(new is not old for new, old in zip(checked, rows, strict=True)):
        columns = tuple(sorted({*columns, *(checked[0].keys() - rows[0].keys())}))
        return Document(orjson.dumps(checked).decode(), columns, len(rows))
    text = body.decode()
    return Document(text if is_list else f"[{text}]", tuple(sorted(set(columns))), len(rows))


def changes(body: bytes, columns: tuple[str, ...] | None, check: Check | None) -> Document:
    """What an update writes: one object. Raises InvalidInputError."""
    (row,) = _objects([decode(body)])
    checked = row if check is None else check(row)
    text = body.decode() if checked is row else orjson.dumps(checked).decode()
    return Document(text, tuple(sorted(set(columns or checked))), 1)


def _objects(values: list[Any]) -> list[Row]:
    for value in values:
        if not isinstance(value, dict):
            raise failures.invalid_body("The body must be an object or an array of objects")
    return values
