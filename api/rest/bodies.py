"""What a request's body is, by its Content-Type, and how much of it is taken."""

from collections.abc import Sized
from enum import Enum
from functools import lru_cache
from urllib.parse import parse_qsl

from api.json_input import check_type
from api.rest import failures
from zilliance.errors import TooLargeError

MAX_FIELDS = 1000
MAX_LINES = 200_000
MAX_COLUMNS = 1600  # what a table of PostgreSQL can have


class BodyType(Enum):
    """How a body is written. The last three are taken by functions that have one unnamed parameter."""

    JSON = "application/json"
    CSV = "text/csv"
    FORM = "application/x-www-form-urlencoded"
    TEXT = "text/plain"
    XML = "text/xml"
    BYTES = "application/octet-stream"


_OTHERS = {each.value: each for each in BodyType if each is not BodyType.JSON}


@lru_cache(maxsize=256)
def body_type(content_type: str) -> BodyType:
    """Raises InvalidInputError for types that are not read, and for JSON that is not in UTF-8."""
    found = _OTHERS.get(content_type.partition(";")[0].strip().lower())
    if found is None:
        check_type(content_type)
        return BodyType.JSON
    return found


def bound_columns(names: Sized) -> None:
    """Raises InvalidInputError for more columns or arguments than anything can have."""
    if len(names) > MAX_COLUMNS:
        raise failures.invalid_body(f"The body names more than {MAX_COLUMNS:,} columns")


def bound_lines(body: bytes) -> None:
    """Raises TooLargeError for more lines than are taken at once."""
    if body.count(b"\n") > MAX_LINES:
        raise TooLargeError(f"The body has more than {MAX_LINES:,} lines", hint="Send it in several requests")


def text_of(body: bytes) -> str:
    """The body as text. Raises InvalidInputError for what no text of PostgreSQL can hold."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise failures.invalid_body(f"The body is not UTF-8: {error}") from error
    if "\0" in text:
        raise failures.invalid_body("The body contains NUL, which the database cannot store")
    return text


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """Names and values of a form, in order. Raises InvalidInputError."""
    try:
        fields = parse_qsl(text_of(body), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise failures.invalid_body(f"The form cannot be read: {error}") from error
    if any("\0" in name or "\0" in value for name, value in fields):
        raise failures.invalid_body("The form contains NUL (%00), which the database cannot store")
    return fields
