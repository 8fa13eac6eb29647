"""CSV as it comes in: the first line names the columns, NULL stands for no value, all lines are of one length."""

import csv
import io
from collections.abc import Container
from typing import Any

import orjson

from api.rest import failures
from api.rest.bodies import bound_columns, bound_lines, text_of

_NULL = "NULL"
_LONGEST_FIELD = 10 * 1024 * 1024  # the whole body; 128 KiB unless set

csv.field_size_limit(_LONGEST_FIELD)


def rows_of(body: bytes, documents: Container[str]) -> list[dict[str, Any]]:
    """The rows, each value a text or None; those of the columns in `documents` are read as JSON.

    Raises InvalidInputError for lines of different lengths and for what is no CSV.
    """
    bound_lines(body)
    reader = csv.reader(io.StringIO(text_of(body), newline=""), strict=True)
    try:
        lines = [line for line in reader if line]
    except csv.Error as error:
        raise failures.invalid_body(f"Line {reader.line_num} is not CSV: {error}") from error
    if not lines:
        raise failures.invalid_body("The body is empty: the first line must name the columns")
    names = lines[0]
    bound_columns(names)
    if len(set(names)) != len(names):
        raise failures.invalid_body("The first line names a column twice")
    if any(len(line) != len(names) for line in lines):
        raise failures.invalid_body("All lines must have same number of fields")
    held = [name in documents for name in names]
    return [
        {name: _value(text, is_json=is_json) for name, text, is_json in zip(names, line, held, strict=True)}
        for line in lines[1:]
    ]


def _value(text: str, *, is_json: bool) -> Any:
    if text == _NULL:
        return None
    if not is_json:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text  # as a text, which is a JSON value, too
