"""Headers as owners write and read them: checked, sealed, and shown without what is secret about them."""

from typing import Any, cast

from api.gateway.sealed_headers import seal_header
from zilliance.errors import InvalidInputError
from zilliance.outbound_rules import OutboundRefusedError, check_message
from zilliance.sealing import Sealer

MOST_HEADERS = 50
LONGEST_NAME = 100
LONGEST_VALUE = 4096
MOST_BYTES = 16 * 1024  # of names and values together; lengths are characters

_PLATFORMS = frozenset({"forwarded", "via", "x-request-id"})

MASK = "\u2022" * 4
_SHOWN = 4  # characters at the end of a value that tell it from others
_LONG = 16  # a shorter value shows none of its own


def masked(value: str) -> str:
    """What is shown of a value."""
    return MASK + (value[-_SHOWN:] if len(value) >= _LONG else "")


def write_headers(headers: object, owner: str, sealer: Sealer) -> dict[str, str | dict[str, str]]:
    """What is written to the column `headers`: of each value how it is sealed, and what is shown of it.

    A value that is written as it is shown is the one that is there (private.keep_endpoint_headers finds it). Raises
    InvalidInputError for what cannot be sent, or is not the owner's to set.
    """
    return {
        name: value
        if value.startswith(MASK)
        else {"sealed": seal_header(sealer, owner, name, value), "shown": masked(value)}
        for name, value in check_headers(headers).items()
    }


def check_headers(headers: object) -> dict[str, str]:
    """The headers as they were written. Raises InvalidInputError."""
    if not isinstance(headers, dict):
        raise _invalid('must be an object such as {"Authorization": "Bearer …"}')
    given = cast("dict[str, Any]", headers)
    if len(given) > MOST_HEADERS:
        raise _invalid(f"has more than {MOST_HEADERS} of them")
    if len({name.lower() for name in given}) < len(given):
        raise _invalid("has one name twice, in capitals and in small letters")
    for name, value in given.items():
        _check_header(name, value)
    if sum(len(name) + len(value.encode()) for name, value in given.items()) > MOST_BYTES:
        raise _invalid(f"is larger than {MOST_BYTES // 1024} KiB")
    return given


def _check_header(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise _invalid(f"{name[:LONGEST_NAME]} must be text")
    if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
        raise _invalid(
            f"{name[:LONGEST_NAME]} is too long: a name has {LONGEST_NAME} characters at most, a value {LONGEST_VALUE}"
        )
    if name.lower() in _PLATFORMS or name.lower().startswith("x-forwarded-"):
        raise _invalid(f"{name} is set by the platform: leave it out")
    try:
        check_message("GET", {name: value}, 0)
    except OutboundRefusedError as error:
        raise _invalid(error.reason) from error


def _invalid(what: str) -> InvalidInputError:
    return InvalidInputError(f"headers: {what}", code="INVALID_HEADERS")
