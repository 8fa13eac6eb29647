"""Builtins on arrays and objects, paying by the size of what they walk."""

from typing import cast

from workflows.language.expressions.arithmetic import add, copied, items
from workflows.language.expressions.forms import as_path
from workflows.language.expressions.fuel import Fuel, Json, RaisedError, elements_fit, text_fits, weigh
from workflows.language.expressions.names import Key, ValueFunction
from workflows.language.expressions.paths import Edit, occurrences
from workflows.language.expressions.values import (
    compare,
    describe,
    encode,
    equal,
    format_number,
    group_starts,
    is_number,
    kind_of,
    sort_order,
)


def _array(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise RaisedError(f"{describe(value)} cannot be {what}, as it is not an array")
    return cast("list[Json]", value)


def _length(_fuel: Fuel, value: Json) -> Json:
    if value is None:
        return 0
    if isinstance(value, bool):
        raise RaisedError(f"{describe(value)} has no length")
    return abs(value) if is_number(value) else len(value)


def _keys(fuel: Fuel, value: Json) -> list[Json]:
    return sorted(_keys_unsorted(fuel, value))


def _keys_unsorted(fuel: Fuel, value: Json) -> list[Json]:
    if not isinstance(value, list | dict):
        raise RaisedError(f"{describe(value)} has no keys")
    members = cast("dict[str, Json]", value)
    fuel.spend(len(members) >> 3)
    return list(members) if isinstance(value, dict) else list(range(len(members)))


def _has(_fuel: Fuel, value: Json, key: Json) -> bool:
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    if isinstance(value, list) and is_number(key):
        return 0 <= key < len(cast("list[Json]", value))
    raise RaisedError(f"Cannot check whether {kind_of(value)} has a {kind_of(key)} key")


def _contains(fuel: Fuel, value: Json, other: Json) -> bool:
    if kind_of(value) != kind_of(other):
        raise RaisedError(f"{describe(value)} and {describe(other)} cannot have their containment checked")
    weigh(fuel, value)
    weigh(fuel, other)
    return _holds(fuel, value, other)


def _holds(fuel: Fuel, value: Json, other: Json) -> bool:
    fuel.spend()
    if isinstance(value, dict) and isinstance(other, dict):
        for key, item in cast("dict[str, Json]", other).items():
            if key not in value or not _holds(fuel, value[key], item):
                return False
        return True
    if isinstance(value, list) and isinstance(other, list):
        for item in cast("list[Json]", other):  # noqa: SIM110 - as below
            if not _any_holds(fuel, cast("list[Json]", value), item):
                return False
        return True
    if isinstance(value, str) and isinstance(other, str):
        fuel.spend(len(value) >> 10)
        return other in value
    return equal(fuel, value, other)


def _any_holds(fuel: Fuel, values: list[Json], other: Json) -> bool:
    for value in values:  # noqa: SIM110 - a generator would be one more frame on each level of a deep value
        if _holds(fuel, value, other):
            return True
    return False


def _join(fuel: Fuel, value: Json, separator: Json) -> Json:
    texts = [_joinable(item) for item in items(fuel, value)]
    if not texts:
        return ""
    if not isinstance(separator, str) and len(texts) > 1:
        raise RaisedError(f"{describe(texts[0])} and {describe(separator)} cannot be added")
    between = separator if isinstance(separator, str) else ""
    fuel.spend(len(texts) >> 2)
    text_fits(sum(map(len, texts)) + len(between) * (len(texts) - 1))
    text = between.join(texts)
    fuel.spend(len(text) >> 10)
    return text


def _joinable(item: Json) -> str:
    if item is None or isinstance(item, str):
        return item or ""
    if isinstance(item, bool):
        return "true" if item else "false"
    if is_number(item):
        return format_number(item)
    raise RaisedError(f'string ("") and {describe(item)} cannot be added')


def _flatten(fuel: Fuel, value: Json, depth: Json = 1 << 30) -> list[Json]:
    if not is_number(depth) or depth < 0:
        raise RaisedError("flatten depth must not be negative")
    found = items(fuel, value)
    while depth > 0 and any(isinstance(item, list) for item in found):
        elements_fit(sum(len(cast("list[Json]", item)) if isinstance(item, list) else 1 for item in found))
        fuel.spend(1 + (len(found) >> 3))
        found = [inner for item in found for inner in (cast("list[Json]", item) if isinstance(item, list) else [item])]
        depth -= 1
    return found


def _sum(fuel: Fuel, value: Json) -> Json:
    total = None
    texts = items(fuel, value)
    if texts and all(isinstance(item, str) for item in texts):
        return _join(fuel, texts, "")
    fuel.spend(len(texts) >> 2)
    for item in texts:
        total = add(fuel, total, item)
    return total


def _sorted(fuel: Fuel, value: Json) -> list[Json]:
    elements = _array(value, "sorted")
    return [elements[position] for position in sort_order(fuel, elements)]


def _keyed(fuel: Fuel, value: Json, keys: Json, what: str) -> tuple[list[Json], list[Json]]:
    """Elements and keys in the order of the keys; each key is the array of what a filter yields."""
    elements = _array(value, what)
    found: list[Json] = keys
    if all(len(key) == 1 for key in found):
        found = [key[0] for key in found]
    order = sort_order(fuel, found)
    return [elements[position] for position in order], [found[position] for position in order]


def _sort_by(fuel: Fuel, value: Json, keys: Json) -> list[Json]:
    return _keyed(fuel, value, keys, "sorted")[0]


def _group_by(fuel: Fuel, value: Json, keys: Json) -> list[list[Json]]:
    elements, found = _keyed(fuel, value, keys, "grouped")
    starts = group_starts(fuel, found)
    return [elements[start:end] for start, end in zip(starts, [*starts[1:], len(elements)], strict=False)]


def _unique_by(fuel: Fuel, value: Json, keys: Json) -> list[Json]:
    elements, found = _keyed(fuel, value, keys, "sorted")
    return [elements[start] for start in group_starts(fuel, found)]


def _extreme_by(sign: int) -> ValueFunction:
    """The first of the least, or the last of the greatest."""

    def extreme(fuel: Fuel, value: Json, keys: Json) -> Json:
        elements = _array(value, "examined")
        best = 0
        for position in range(1, len(elements)):
            fuel.spend()
            order = compare(fuel, keys[position], keys[best])
            if order * sign > 0 or (order == 0 and sign > 0):
                best = position
        return elements[best] if elements else None

    return extreme


def _bare(by: ValueFunction) -> ValueFunction:
    """The same with the elements as their own keys."""

    def whole(fuel: Fuel, value: Json) -> Json:
        return by(fuel, value, [[item] for item in _array(value, "sorted")])

    return whole


def _reverse(fuel: Fuel, value: Json) -> Json:
    if value is None or value == {}:
        return []
    return value[::-1] if isinstance(value, str) else copied(fuel, _array(value, "reversed"))[::-1]


def _to_entries(fuel: Fuel, value: Json) -> list[Json]:
    keys = _keys_unsorted(fuel, value)
    fuel.spend(len(keys) >> 1)
    return [{"key": key, "value": value[key]} for key in keys]


def _from_entries(fuel: Fuel, value: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for entry in items(fuel, value):
        fuel.spend()
        if not isinstance(entry, dict):
            raise RaisedError(f"Cannot index {kind_of(entry)} with {describe('key')}")
        members = cast("dict[str, Json]", entry)
        names = [members[name] for name in ("key", "k", "name", "Name", "K", "Key") if members.get(name) is not None]
        key = next((name for name in names if name is not False), names[0] if names else None)
        if isinstance(key, list | dict):
            raise RaisedError(f"Cannot use {describe(key)} as object key")
        contents = [members[name] for name in ("value", "v", "Value", "V") if name in members]
        found[key if isinstance(key, str) else encode(fuel, key)] = contents[0] if contents else None
    return found


def _setpath(fuel: Fuel, value: Json, path: Json, new: Json) -> Json:
    edit = Edit(fuel, value)
    edit.write(as_path(path), new)
    return edit.value


def _delpaths(fuel: Fuel, value: Json, paths: Json) -> Json:
    if not isinstance(paths, list):
        raise RaisedError("Paths must be specified as an array")
    edit = Edit(fuel, value)
    edit.delete([as_path(path) for path in cast("list[Json]", paths)])
    return edit.value


def _transpose(fuel: Fuel, value: Json) -> list[Json]:
    rows = [_array(row, "transposed") for row in _array(value, "transposed")]
    width = max(map(len, rows), default=0)
    elements_fit(width * len(rows))
    fuel.spend(width * len(rows) >> 2)
    return [[row[column] if column < len(row) else None for row in rows] for column in range(width)]


def _bsearch(fuel: Fuel, value: Json, target: Json) -> int:
    elements = _array(value, "searched from")
    low, high = 0, len(elements)
    while low < high:
        middle = (low + high) // 2
        order = compare(fuel, elements[middle], target)
        if order == 0:
            return middle
        low, high = (middle + 1, high) if order < 0 else (low, middle)
    return -1 - low


COLLECTIONS: dict[Key, ValueFunction] = {
    "length/0": _length,
    "keys/0": _keys,
    "keys_unsorted/0": _keys_unsorted,
    "has/1": _has,
    "contains/1": _contains,
    "indices/1": occurrences,
    "join/1": _join,
    "flatten/0": _flatten,
    "flatten/1": _flatten,
    "add/0": _sum,
    "sort/0": _sorted,
    "unique/0": _bare(_unique_by),
    "min/0": _bare(_extreme_by(-1)),
    "max/0": _bare(_extreme_by(1)),
    "_sort_by/1": _sort_by,
    "_group_by/1": _group_by,
    "_unique_by/1": _unique_by,
    "_min_by/1": _extreme_by(-1),
    "_max_by/1": _extreme_by(1),
    "reverse/0": _reverse,
    "to_entries/0": _to_entries,
    "from_entries/0": _from_entries,
    "setpath/2": _setpath,
    "delpaths/1": _delpaths,
    "transpose/0": _transpose,
    "bsearch/1": _bsearch,
}
