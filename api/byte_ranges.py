"""Which bytes of a body a request asks for (RFC 9110, section 14). Pure."""

import re

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The body has none of the bytes asked for."""


def span_of(size: int, asked: str) -> tuple[int, int] | None:
    """The first and the last byte, both included; None for the whole.

    What is not one range of bytes is not heeded. Raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch(asked.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(size, last)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableRangeError
    return int(first), min(int(last), size - 1) if last else size - 1


def _suffix(size: int, length: str) -> tuple[int, int] | None:
    if not length:
        return None
    if int(length) == 0 or size == 0:
        raise UnsatisfiableRangeError
    return max(0, size - int(length)), size - 1
