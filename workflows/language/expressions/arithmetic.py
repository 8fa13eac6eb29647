"""The operators of jq on JSON values, each bounded before it makes anything."""

import math
from collections.abc import Callable
from typing import cast

from workflows.language.expressions.fuel import Fuel, Json, RaisedError, elements_fit, text_fits, weigh
from workflows.language.expressions.values import MAX_BITS, compare, describe, equal, is_number

_LONG = 1 << 63


def add(fuel: Fuel, left: Json, right: Json) -> Json:
    if left is None or right is None:
        return right if left is None else left
    if is_number(left) and is_number(right):
        return number(left + right)
    if isinstance(left, str) and isinstance(right, str):
        text_fits(len(left) + len(right))
        fuel.spend((len(left) + len(right)) >> 10)
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        elements = cast("list[Json]", left) + copied(fuel, cast("list[Json]", right))
        elements_fit(len(elements))
        fuel.spend(len(elements) >> 8)
        return elements
    if isinstance(left, dict) and isinstance(right, dict):
        elements_fit(len(cast("dict[str, Json]", left)) + len(cast("dict[str, Json]", right)))
        fuel.spend((len(cast("dict[str, Json]", left)) + len(cast("dict[str, Json]", right))) >> 5)
        return cast("dict[str, Json]", {**left, **right})
    raise RaisedError(f"{describe(left)} and {describe(right)} cannot be added")


def subtract(fuel: Fuel, left: Json, right: Json) -> Json:
    if is_number(left) and is_number(right):
        return number(left - right)
    if isinstance(left, list) and isinstance(right, list):
        dropped = cast("list[Json]", right)
        return [item for item in cast("list[Json]", left) if not _among(fuel, item, dropped)]
    raise RaisedError(f"{describe(left)} and {describe(right)} cannot be subtracted")


def multiply(fuel: Fuel, left: Json, right: Json) -> Json:
    if is_number(left) and is_number(right):
        return number(left * right)
    if isinstance(right, str) and is_number(left):
        left, right = right, left
    if isinstance(left, str) and is_number(right):
        return _repeated(fuel, left, cast("float", right))
    if isinstance(left, dict) and isinstance(right, dict):
        fuel.spend((weigh(fuel, left) + weigh(fuel, right)) >> 2)
        return _merged(cast("dict[str, Json]", left), cast("dict[str, Json]", right))
    raise RaisedError(f"{describe(left)} and {describe(right)} cannot be multiplied")


def divide(fuel: Fuel, left: Json, right: Json) -> Json:
    if is_number(left) and is_number(right):
        if right == 0:
            raise RaisedError(f"{describe(left)} and {describe(right)} cannot be divided because the divisor is zero")
        if isinstance(left, int) and isinstance(right, int) and left % right == 0:
            return left // right
        return left / right
    if isinstance(left, str) and isinstance(right, str):
        return split(fuel, left, right)
    raise RaisedError(f"{describe(left)} and {describe(right)} cannot be divided")


def modulo(_fuel: Fuel, left: Json, right: Json) -> Json:
    if not (is_number(left) and is_number(right)):
        raise RaisedError(f"{describe(left)} and {describe(right)} cannot be divided")
    if left != left or right != right:  # noqa: PLR0124 - only what is not a number differs from itself
        return math.nan
    dividend, divisor = _as_long(left), _as_long(right)
    if divisor == 0:
        reason = "cannot be divided (remainder) because the divisor is zero"
        raise RaisedError(f"{describe(left)} and {describe(right)} {reason}")
    return int(math.copysign(1, dividend)) * (abs(dividend) % abs(divisor))


def negate(value: Json) -> Json:
    if is_number(value):
        return -value
    raise RaisedError(f"{describe(value)} cannot be negated")


def split(fuel: Fuel, text: str, separator: str) -> list[str]:
    parts = ([] if not text else text.split(separator)) if separator else list(text)
    elements_fit(len(parts))
    fuel.spend((len(text) >> 10) + (len(parts) >> 3))
    return parts


def number(value: float) -> float:
    """Integers stay exact as far as a double reaches, so towers of powers end at infinity."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return math.inf if value > 0 else -math.inf
    return value


def copied(fuel: Fuel, value: list[Json]) -> list[Json]:
    elements_fit(len(value))
    fuel.spend(len(value) >> 8)
    return value


def items(fuel: Fuel, value: Json) -> list[Json]:
    """The elements of an array, or the members' values of an object."""
    if isinstance(value, dict):
        return copied(fuel, list(cast("dict[str, Json]", value).values()))
    if isinstance(value, list):
        return copied(fuel, cast("list[Json]", value))
    raise RaisedError(f"Cannot iterate over {describe(value)}")


def _among(fuel: Fuel, item: Json, others: list[Json]) -> bool:
    fuel.spend(len(others) >> 2)
    return any(equal(fuel, item, other) for other in others)


def _repeated(fuel: Fuel, text: str, times: float) -> str | None:
    if not times >= 0:
        return None
    text_fits(len(text) * (1 << 40 if math.isinf(times) else int(times)))
    fuel.spend(len(text) * int(times) >> 10)
    return text * int(times)


def _merged(left: dict[str, Json], right: dict[str, Json]) -> dict[str, Json]:
    out = dict(left)
    for key, value in right.items():
        mine = out.get(key)
        deeper = isinstance(mine, dict) and isinstance(value, dict)
        out[key] = _merged(cast("dict[str, Json]", mine), cast("dict[str, Json]", value)) if deeper else value
    return out


def _as_long(value: float) -> int:
    """As the C cast that jq uses: saturated at 64 bits; exact integers stay as they are."""
    if isinstance(value, int):
        return value
    return int(max(-_LONG, min(value, _LONG - 1)))


Operator = Callable[[Fuel, Json, Json], Json]

OPERATORS: dict[str, Operator] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "==": equal,
    "!=": lambda fuel, left, right: not equal(fuel, left, right),
    "<": lambda fuel, left, right: compare(fuel, left, right) < 0,
    "<=": lambda fuel, left, right: compare(fuel, left, right) <= 0,
    ">": lambda fuel, left, right: compare(fuel, left, right) > 0,
    ">=": lambda fuel, left, right: compare(fuel, left, right) >= 0,
}
