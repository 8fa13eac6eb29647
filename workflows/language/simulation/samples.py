"""Makes up a value of a JSON Schema: what a call that nobody mocked answers in a simulation."""

from collections.abc import Callable, Mapping
from typing import cast

_DEEPEST = 16
_TEXTS = {
    "uuid": "00000000-0000-7000-8000-000000000000",
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "duration": "PT1S",
}


def sample_of(schema: object) -> object:
    """A value of the schema: its example, default or constant where it names one, else the least of its type.

    It is a likeness, not a proof: patterns and conditions are not looked at, and a reference gives null.
    """
    return _sample(schema, 0)


def _sample(schema: object, depth: int) -> object:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    node = cast("Mapping[str, object]", schema)
    named, value = _named(node)
    if named:
        return value
    for choice in ("anyOf", "oneOf", "allOf"):
        choices = node.get(choice)
        if isinstance(choices, list) and choices:
            return _sample(cast("list[object]", choices)[0], depth + 1)
    make = _BY_TYPE.get(_type_of(node))
    return None if make is None else make(node, depth)


def _named(node: Mapping[str, object]) -> tuple[bool, object]:
    """Whether the schema names a value, and that value."""
    for keyword in ("const", "default", "example"):
        if keyword in node:
            return True, node[keyword]
    for keyword in ("examples", "enum"):
        values = node.get(keyword)
        if isinstance(values, list) and values:
            return True, cast("list[object]", values)[0]
    return False, None


def _type_of(node: Mapping[str, object]) -> str:
    kind = node.get("type")
    if isinstance(kind, list):
        kinds = [each for each in cast("list[object]", kind) if each != "null"]
        kind = kinds[0] if kinds else "null"
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in node else "array" if "items" in node else "null"


def _object(node: Mapping[str, object], depth: int) -> object:
    properties = node.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: _sample(part, depth + 1) for name, part in cast("Mapping[str, object]", properties).items()}


def _array(node: Mapping[str, object], depth: int) -> object:
    return [_sample(node["items"], depth + 1)] if "items" in node else []


def _text(node: Mapping[str, object], _: int) -> object:
    return _TEXTS.get(str(node.get("format")), "text")


def _number(node: Mapping[str, object], _: int) -> object:
    least = node.get("minimum", 0)
    return least if isinstance(least, (int, float)) else 0


_BY_TYPE: Mapping[str, Callable[[Mapping[str, object], int], object]] = {
    "object": _object,
    "array": _array,
    "string": _text,
    "number": _number,
    "integer": _number,
    "boolean": lambda _, __: True,
}
