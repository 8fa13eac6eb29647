"""How jq orders, compares, names and writes JSON values, with the price of each."""

import math
from collections.abc import Callable, Iterator
from functools import cmp_to_key
from itertools import pairwise
from json.encoder import encode_basestring
from typing import cast

from purejq.encoder import format_number as untyped_format_number  # pyright: ignore[reportUnknownVariableType]
from purejq.ops import jq_cmp as untyped_compare  # pyright: ignore[reportUnknownVariableType]

from workflows.language.expressions.fuel import Fuel, Json, RaisedError, text_fits, weigh

_PREVIEW = 30
_ENDLESS = 1 << 60


def kind_of(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def is_number(value: Json) -> bool:
    # By the exact type, which JSON values have: isinstance costs several times as much within the workflow sandbox.
    kind = type(cast("object", value))
    return kind is int or kind is float


def truthy(value: Json) -> bool:
    return value is not None and value is not False


def describe(value: Json) -> str:
    """Type and beginning of a value, for messages; its cost does not grow with the value."""
    out: list[str] = []
    _write(value, out, _PREVIEW)
    text = "".join(out)
    return f"{kind_of(value)} ({text if len(text) < _PREVIEW else text[: _PREVIEW - 4] + '...'})"


def encode(fuel: Fuel, value: Json) -> str:
    """The compact JSON text of a value."""
    fuel.spend(weigh(fuel, value) >> 2)
    out: list[str] = []
    _write(value, out, _ENDLESS)
    text = "".join(out)
    text_fits(len(text))
    fuel.spend(len(text) >> 9)
    return text


def to_text(fuel: Fuel, value: Json) -> str:
    return value if isinstance(value, str) else encode(fuel, value)


def format_number(value: float) -> str:
    return untyped_format_number(value)


def equal(fuel: Fuel, left: Json, right: Json) -> bool:
    return compare(fuel, left, right) == 0


def compare(fuel: Fuel, left: Json, right: Json) -> int:
    """Order of two values: null, false, true, numbers, strings, arrays, objects."""
    if isinstance(left, float) and left != left and is_number(right):  # noqa: PLR0124 - only what is not a number differs from itself
        return -1
    if isinstance(left, list | dict | str) and isinstance(right, type(cast("object", left))):
        fuel.spend((weigh(fuel, left) + weigh(fuel, right)) >> 2)
    return cast("int", untyped_compare(left, right))


def sort_order(fuel: Fuel, keys: list[Json]) -> list[int]:
    """Positions in ascending order of their keys, stable; spends what comparing costs in the worst case."""
    size = len(keys)
    if _plainly_sortable(keys):
        fuel.spend(size >> 2)
        return sorted(range(size), key=keys.__getitem__)
    weight = sum(weigh(fuel, key) for key in keys)
    fuel.spend(weight * size.bit_length())
    order = cmp_to_key(cast("Callable[[Json, Json], int]", untyped_compare))
    return sorted(range(size), key=lambda position: order(keys[position]))


def group_starts(fuel: Fuel, keys: list[Json]) -> list[int]:
    """Where in sorted keys a new key begins."""
    return [0][: len(keys)] + [
        position for position, (left, right) in enumerate(pairwise(keys), 1) if not equal(fuel, left, right)
    ]


def settle(fuel: Fuel, value: Json) -> Json:
    """A result as plain JSON: finite numbers that a double can hold, text without lone surrogates."""
    weigh(fuel, value)
    return value if _plain(value) else _cleaned(value)


def clean_text(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_number(number: float) -> float | None:
    """As jq writes it: the largest double for infinity, null for what is not a number."""
    if isinstance(number, int):
        return number if number.bit_length() <= MAX_BITS else (_LARGEST if number > 0 else -_LARGEST)
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else math.copysign(_LARGEST, number)


MAX_BITS = 1023  # an integer beyond is a double, which is infinity
_LARGEST = 1.7976931348623157e308


def _plainly_sortable(keys: list[Json]) -> bool:
    kinds = set(map(type, keys))
    if kinds <= {int, float}:
        return not any(key != key for key in keys)  # noqa: PLR0124 - only what is not a number differs from itself
    return kinds == {str}


def _scalars(value: Json) -> Iterator[Json]:
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            members = cast("dict[str, Json]", item)
            yield from members
            stack.extend(members.values())
        elif isinstance(item, list):
            stack.extend(cast("list[Json]", item))
        else:
            yield item


def _plain(value: Json) -> bool:
    for item in _scalars(value):
        if isinstance(item, str):
            if not item.isascii() and clean_text(item) != item:
                return False
        elif is_number(item) and clean_number(item) is not item:
            return False
    return True


def _cleaned(value: Json) -> Json:
    if isinstance(value, dict):
        return {clean_text(key): _cleaned(item) for key, item in cast("dict[str, Json]", value).items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in cast("list[Json]", value)]
    if isinstance(value, str):
        return clean_text(value)
    return clean_number(value) if is_number(value) else value


def _write(value: Json, out: list[str], room: int) -> int:
    """Append the JSON text of a value and return the room that is left; stops soon after there is none."""
    if room <= 0:
        return room
    if isinstance(value, dict):
        return _write_members(cast("dict[str, Json]", value), out, room)
    if isinstance(value, list):
        return _write_elements(cast("list[Json]", value), out, room)
    text = _scalar(value, room)
    out.append(text)
    return room - len(text)


def _write_elements(value: list[Json], out: list[str], room: int) -> int:
    room -= 2
    separator = "["
    for item in value:
        out.append(separator)
        separator = ","
        room = _write(item, out, room - 1)
        if room <= 0:
            break
    out.append("]" if value else "[]")
    return room


def _write_members(value: dict[str, Json], out: list[str], room: int) -> int:
    room -= 2
    separator = "{"
    for key, item in value.items():
        out += (separator, _scalar(key, room), ":")
        separator = ","
        room = _write(item, out, room - len(key) - 4)
        if room <= 0:
            break
    out.append("}" if value else "{}")
    return room


def _scalar(value: Json, room: int) -> str:
    if isinstance(value, str):
        return encode_basestring(value[:room]).replace("\x7f", "\\u007f")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_number(value)
    raise RaisedError(f"a value of type {type(cast('object', value)).__name__} is not JSON")
