"""JSON bodies as they come in: read once, with everything refused that PostgreSQL or a later reader would choke on."""

import json
import re
from typing import Any

import orjson
from starlette.requests import Request

from zilliance.errors import InvalidInputError, TooLargeError

CODE = "PGRST102"  # what the data API's clients know; the other prefixes use it, too
MAX_CONTAINERS = 200_000  # objects and arrays: reading so many holds up everybody else for a tenth of a second
_MAX_INTEGER = 2**63 - 1
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_NUL_ESCAPE = rb"\u0000"
_JSON_TYPES = ("application/json", "text/json")


async def read_json(request: Request) -> object:
    """The request's body as JSON. Raises InvalidInputError.

    The caller checks the shape: objects are dicts, arrays lists.
    """
    return decode(await read_bytes(request))


async def read_bytes(request: Request) -> bytes:
    """The request's body, refused if its type says that it is not JSON. Raises InvalidInputError."""
    check_type(request.headers.get("content-type", ""))
    return await request.body()


def check_type(content_type: str) -> None:
    """Raises InvalidInputError for a Content-Type that is not JSON in UTF-8; an empty one passes for it."""
    media, _, parameters = content_type.partition(";")
    media = media.strip().lower()
    if media and media not in _JSON_TYPES and not media.endswith("+json"):
        raise InvalidInputError(
            f"Content-Type not acceptable: {media[:100]}", code=CODE, hint="Send the body as application/json"
        )
    charset = parameters.partition("charset=")[2].strip(' "').lower()
    if charset and charset not in {"utf-8", "utf8", "us-ascii"}:
        raise InvalidInputError(f"JSON is UTF-8, not {charset[:40]}", code=CODE, hint="Encode the body as UTF-8")


def decode(body: bytes) -> Any:
    """A JSON text as values. Raises InvalidInputError, and TooLargeError for more than `MAX_CONTAINERS`.

    Refused beside what is not JSON: NUL and lone surrogates, which no text of PostgreSQL can hold; numbers beyond
    double precision; integers beyond 64 bits, which the next reader would round without a word; nesting beyond
    1,024 levels.
    """
    if not body:
        raise _invalid("The body is empty")
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise TooLargeError(
            f"The body has more than {MAX_CONTAINERS:,} objects and arrays", hint="Send it in several requests"
        )
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _invalid(str(error)) from error
    if _LONG_NUMBER.search(body):
        _refuse_long_integers(body)
    if _NUL_ESCAPE in body and _holds_nul(value):
        raise _invalid("A text contains NUL (\\u0000), which the database cannot store")
    return value


def _refuse_long_integers(body: bytes) -> None:
    try:
        json.loads(body, parse_int=_bounded)
    except RecursionError as error:
        raise _invalid("The document is nested too deep") from error


def _bounded(digits: str) -> int:
    if len(digits) > len(str(-_MAX_INTEGER)) or not -_MAX_INTEGER - 1 <= int(digits) <= _MAX_INTEGER:
        raise _invalid(f"The integer {digits[:25]} does not fit 64 bits", hint="Send longer numbers as text")
    return int(digits)


def _holds_nul(value: object) -> bool:
    """Whether a text or a key anywhere in the value holds NUL. Walks by hand: the nesting may exceed Python's stack."""
    rest: list[Any] = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            if "\0" in item:
                return True
        elif isinstance(item, dict):
            rest.extend(item.keys())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
            rest.extend(item.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        elif isinstance(item, list):
            rest.extend(item)  # pyright: ignore[reportUnknownArgumentType]
    return False


def _invalid(details: str, hint: str | None = None) -> InvalidInputError:
    return InvalidInputError("Empty or invalid json", code=CODE, details={"reason": details}, hint=hint)
