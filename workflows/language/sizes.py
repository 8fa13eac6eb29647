"""How large a value would be as JSON, found without writing it and without counting beyond a cap."""

from collections.abc import Mapping, Sequence
from typing import cast


def size_of(value: object, cap: int) -> int:
    """Bytes of the compact JSON text, escapes aside; some number above `cap` once it is passed.

    Shared parts count each time they appear, so a value that doubles itself is stopped at the cap although it takes
    little memory.
    """
    size = 0
    stack: list[object] = [value]
    while stack and size <= cap:
        item = stack.pop()
        if isinstance(item, str):
            size += _text_size(item)
        elif isinstance(item, Mapping):
            members = cast("Mapping[str, object]", item)
            size += (1 + 2 * len(members) if members else 2) + sum(map(_text_size, members))
            stack.extend(members.values())
        elif isinstance(item, Sequence):
            elements = cast("Sequence[object]", item)
            size += 1 + (len(elements) or 1)
            stack.extend(elements)
        else:
            size += _scalar_size(item)
    return size


def _text_size(text: str) -> int:
    return 2 + (len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))


def _scalar_size(value: object) -> int:
    if value is None or value is True:
        return 4
    if value is False:
        return 5
    return (
        len(repr(value)) if isinstance(value, float) else value.bit_length() // 3 + 1 if isinstance(value, int) else 8
    )
