"""Values of executions as JSON text and back: one spelling, and nothing that PostgreSQL or a payload would refuse."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast


def read_json(text: str) -> object:
    """Parse; a number too large for a float becomes the largest one, as in jq. Raises ValueError, RecursionError."""
    return json.loads(text, parse_float=_finite, parse_constant=_refuse)


def write_json(value: object) -> str:
    """Render as ASCII. Raises ValueError for NaN and infinity, RecursionError for what is too deep."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def storable(text: str) -> str:
    """The same JSON text without what `jsonb` refuses: NUL and lone surrogates become the replacement character."""
    if "\\u0000" not in text and "\\ud" not in text:
        return text
    return json.dumps(_storable(json.loads(text)), separators=(",", ":"))


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return {str(_storable(key)): _storable(member) for key, member in members.items()}
    if isinstance(value, Sequence):
        return [_storable(member) for member in cast("Sequence[object]", value)]
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    return math.copysign(1.7976931348623157e308, value) if math.isinf(value) else value
