"""What a JSON Schema can cost: how much of it may be tried on one part of a value. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, cast

Part = Mapping[str, object]
Resolve = Callable[[str], object]

_SAME_LISTS = ("allOf", "anyOf", "oneOf")
_SAME = ("not", "if", "then", "else", "$ref")
_SAME_BY_NAME = ("dependentSchemas",)
_INSIDE = ("items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties")
_AGAIN = ("unevaluatedItems", "unevaluatedProperties")  # these try what stands beside them a second time
_CHARACTERS = 32  # of a text that cost as much as one more value


class _Load(NamedTuple):
    """The most schemas that are tried on the value itself, and on any one value inside of it."""

    here: int
    inside: int


def load_of(document: object, resolve: Resolve) -> int:
    """The most schemas that any one part of a value is tried against; references must not be recursive."""
    return max(_load(document, resolve, {}))


def weight_of(value: object, most: int) -> int:
    """How many values are in a value, long texts counted for several; stops counting beyond `most`."""
    weight, rest = 0, [value]
    while rest and weight <= most:
        item = rest.pop()
        weight += 1
        if isinstance(item, str):
            weight += len(item) // _CHARACTERS
        elif isinstance(item, Mapping):
            members = cast("Mapping[str, object]", item)
            rest.extend(members.values())
            rest.extend(members)
        elif isinstance(item, list):
            rest.extend(cast("list[object]", item))
    return weight


def _load(node: object, resolve: Resolve, known: dict[str, _Load]) -> _Load:
    if not isinstance(node, Mapping):
        return _Load(1, 0)
    part = cast("Part", node)
    same = [_referred(each, resolve, known) for each in _tried_here(part)]
    here = 1 + sum(map(_length, (part.get("enum"), part.get("required")))) + sum(each.here for each in same)
    inside = sum(each.inside for each in same) + _inside(part, resolve, known)
    times = 2 ** sum(name in part for name in _AGAIN)
    return _Load(here * times, inside * times)


def _referred(node: object, resolve: Resolve, known: dict[str, _Load]) -> _Load:
    if not isinstance(node, str):
        return _load(node, resolve, known)
    if node not in known:
        known[node] = _load(resolve(node), resolve, known)
    return known[node]


def _tried_here(part: Part) -> Iterable[object]:
    """Schemas that are tried on the same value; a reference as its text."""
    for name in _SAME_LISTS:
        yield from _items(part.get(name))
    for name in _SAME:
        if name in part:
            yield part[name]
    for name in _SAME_BY_NAME:
        yield from _members(part.get(name))


def _inside(part: Part, resolve: Resolve, known: dict[str, _Load]) -> int:
    """As `_Load.inside`, of the schema alone: each member and each item has at most one of those that name it."""

    def loads(nodes: Iterable[object]) -> list[int]:
        return [max(_load(each, resolve, known)) for each in nodes]

    named = (_members(part.get("properties")), _items(part.get("prefixItems")))
    every = [*(part[name] for name in _INSIDE if name in part), *_members(part.get("patternProperties"))]
    return sum(max(loads(nodes), default=0) for nodes in named) + sum(loads(every))


def _items(value: object) -> Iterable[object]:
    return cast("list[object]", value) if isinstance(value, list) else ()


def _members(value: object) -> Iterable[object]:
    return cast("Part", value).values() if isinstance(value, Mapping) else ()


def _length(value: object) -> int:
    return len(cast("list[object]", value)) if isinstance(value, list) else 0
