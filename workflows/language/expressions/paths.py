"""Reading, replacing and deleting parts of JSON values by path, never changing the value that was given."""

import math
from collections.abc import Iterator
from functools import cmp_to_key
from typing import cast

from workflows.language.expressions.arithmetic import copied
from workflows.language.expressions.fuel import MAX_NESTING, Fuel, Json, RaisedError, elements_fit
from workflows.language.expressions.values import compare, describe, equal, is_number, kind_of

Path = tuple[Json, ...]
# The path of a value that was computed instead of reached: an error as soon as somebody goes on from it.
BROKEN: Path = ("broken",)


def extended(path: Path | None, step: Json, base: Json) -> Path | None:
    """The path of a part; None outside of path expressions, where nobody asks."""
    if path is None:
        return None
    if path is BROKEN:
        raise RaisedError(
            f"Invalid path expression near attempt to access element {describe(step)} of {describe(base)}"
        )
    if len(path) >= MAX_NESTING:
        raise RaisedError("Path too deep")
    return (*path, step)


def parts(value: Json, path: Path | None) -> Iterator[tuple[Json, Path | None]]:
    """Each element or member with its path: what `.[]` yields."""
    if isinstance(value, list):
        steps = enumerate(cast("list[Json]", value))
    elif isinstance(value, dict):
        steps = cast("dict[str, Json]", value).items()
    else:
        raise RaisedError(f"Cannot iterate over {describe(value)}")
    if path is None:
        return ((item, None) for _, item in steps)
    return ((item, extended(path, step, value)) for step, item in steps)


def descendants(value: Json, path: Path | None) -> Iterator[tuple[Json, Path | None]]:
    """The value and everything in it, outermost first: what `..` yields."""
    stack = [iter([(value, path)])]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
            continue
        yield found
        if isinstance(found[0], list | dict):
            if len(stack) > MAX_NESTING:
                raise RaisedError(f"a value is nested more than {MAX_NESTING} deep")
            stack.append(parts(*found))


def index(fuel: Fuel, value: Json, key: Json) -> Json:
    if isinstance(value, dict) and isinstance(key, str):
        return cast("dict[str, Json]", value).get(key)
    if isinstance(value, list) and is_number(key):
        position = _position(key, len(cast("list[Json]", value)))
        return cast("list[Json]", value)[position] if 0 <= position < len(cast("list[Json]", value)) else None
    if isinstance(key, dict) and (value is None or isinstance(value, list | str)):
        bounds = cast("dict[str, Json]", key)
        return part(fuel, value, bounds.get("start"), bounds.get("end"))
    if value is None and (isinstance(key, str) or is_number(key)):
        return None
    if isinstance(value, list) and isinstance(key, list):
        return occurrences(fuel, value, key)
    raise RaisedError(f"Cannot index {kind_of(value)} with {describe(key)}")


def part(fuel: Fuel, value: Json, start: Json, end: Json) -> Json:
    """The slice from start to end."""
    if value is None:
        return None
    if not isinstance(value, list | str):
        raise RaisedError(f"Cannot index {kind_of(value)} with object")
    first, last = _bounds(len(cast("list[Json]", value)), start, end)
    fuel.spend((last - first) >> 10)
    return cast("list[Json]", value)[first:last]


def occurrences(fuel: Fuel, value: Json, sought: Json) -> Json:
    """Every position at which a part begins."""
    if value is None or sought in ("", []):
        return None if value is None or sought == [] else []
    if isinstance(value, str) and isinstance(sought, str):
        fuel.spend((len(value) >> 3) + (len(value) * len(sought) >> 14))
        return [place for place in range(len(value) - len(sought) + 1) if value.startswith(sought, place)]
    if not isinstance(value, list):
        raise RaisedError(f"Cannot index {kind_of(value)} with {describe(sought)}")
    elements = copied(fuel, cast("list[Json]", value))
    run = cast("list[Json]", sought) if isinstance(sought, list) else [sought]
    return [
        place
        for place in range(len(elements) - len(run) + 1)
        if all(_same(fuel, elements[place + ahead], item) for ahead, item in enumerate(run))
    ]


def at(fuel: Fuel, value: Json, path: Path) -> Json:
    for step in _checked(path):
        if value is None:
            return None
        value = index(fuel, value, step)
    return value


class Edit:
    """A value under edit: containers are copied the first time they are changed and then changed in place."""

    def __init__(self, fuel: Fuel, value: Json) -> None:
        self._fuel = fuel
        self._copies: dict[int, Json] = {}
        self.value = value

    def read(self, path: Path) -> Json:
        """The part at a path; whoever reads a container keeps it, so later changes go to new copies."""
        found: object = at(self._fuel, self.value, path)
        if id(found) in self._copies:
            self._copies.clear()
        return found

    def write(self, path: Path, new: Json) -> None:
        self.value = self._written(self.value, _checked(path), 0, new)

    def delete(self, paths: list[Path]) -> None:
        """Delete all, last first, so that no deletion moves the place of another."""
        for path in paths:
            at(self._fuel, self.value, path)
        absolute = [list(_absolute(self._fuel, self.value, path)) for path in paths]
        self._fuel.spend(len(absolute) * len(absolute).bit_length() >> 1)
        absolute.sort(key=cmp_to_key(lambda left, right: compare(self._fuel, left, right)), reverse=True)
        for path in absolute:
            self.value = self._deleted(self.value, path, 0)

    def _own(self, value: Json) -> Json:
        if id(value) in self._copies:
            return value
        self._fuel.spend(len(value) >> 7)
        copy = value.copy()
        self._copies[id(copy)] = copy
        return copy

    def _written(self, value: Json, path: Path, depth: int, new: Json) -> Json:
        if depth == len(path):
            return new
        step = path[depth]
        if isinstance(step, dict):
            return self._spliced(value, path, depth, new)
        if isinstance(step, str) and (value is None or isinstance(value, dict)):
            members = self._own(value if value is not None else {})
            members[step] = self._written(members.get(step), path, depth + 1, new)
            return members
        if is_number(step) and (value is None or isinstance(value, list)):
            elements = self._own(value if value is not None else [])
            position = self._room_for(elements, cast("float", step))
            elements[position] = self._written(elements[position], path, depth + 1, new)
            return elements
        raise RaisedError(f"Cannot index {kind_of(value)} with {describe(step)}")

    def _room_for(self, elements: list[Json], step: float) -> int:
        position = _position(step, len(elements))
        if position < 0:
            raise RaisedError("Out of bounds negative array index")
        if position >= len(elements):
            elements_fit(position + 1)
            self._fuel.spend((position - len(elements)) >> 5)
            elements.extend([None] * (position + 1 - len(elements)))
        return position

    def _spliced(self, value: Json, path: Path, depth: int, new: Json) -> Json:
        if isinstance(value, str):
            raise RaisedError("Cannot update string slices")
        if value is not None and not isinstance(value, list):
            raise RaisedError(f"Cannot index {kind_of(value)} with {describe(path[depth])}")
        elements = self._own(value if value is not None else [])
        first, last = _bounds(len(elements), path[depth].get("start"), path[depth].get("end"))
        inner = self._written(elements[first:last], path, depth + 1, new)
        if not isinstance(inner, list):
            raise RaisedError("A slice of an array can only be assigned another array")
        elements[first:last] = copied(self._fuel, cast("list[Json]", inner))
        elements_fit(len(elements))
        return elements

    def _deleted(self, value: Json, path: list[Json], depth: int) -> Json:
        if value is None or depth == len(path):
            return None
        step = path[depth]
        if depth + 1 < len(path):
            if index(self._fuel, value, step) is None:
                return value
            inner = self._deleted(index(self._fuel, value, step), path, depth + 1)
            return self._written(value, (step,), 0, inner)
        return self._without(value, step)

    def _without(self, value: Json, step: Json) -> Json:
        self._fuel.spend()
        if isinstance(value, dict) and isinstance(step, str):
            if step not in value:
                return cast("Json", value)
            members = self._own(value)
            del members[step]
            return members
        if isinstance(value, list) and (is_number(step) or isinstance(step, dict)):
            elements = self._own(value)
            bounds = cast("dict[str, Json]", step if isinstance(step, dict) else {"start": step, "end": step + 1})
            first, last = _bounds(len(elements), bounds.get("start"), bounds.get("end"))
            del elements[first:last]
            return elements
        raise RaisedError(f"Cannot delete {'fields' if isinstance(step, str) else 'elements'} from {kind_of(value)}")


def _same(fuel: Fuel, left: Json, right: Json) -> bool:
    fuel.spend()
    return equal(fuel, left, right)


def _checked(path: Path) -> Path:
    if len(path) > MAX_NESTING:
        raise RaisedError("Path too deep")
    return path


def _position(key: float, length: int) -> int:
    if not math.isfinite(key):
        return length if key == math.inf else -1
    position = math.floor(key)
    return position + length if position < 0 else position


def _bounds(length: int, start: Json, end: Json) -> tuple[int, int]:
    for bound in (start, end):
        if bound is not None and not is_number(bound):
            raise RaisedError("Start and end indices of an array slice must be numbers")
    first = 0 if start is None else max(0, min(_position(start, length), length))
    last = length if end is None else max(0, min(_position(_ceiling(end), length), length))
    return first, max(first, last)


def _ceiling(number: float) -> float:
    return math.ceil(number) if math.isfinite(number) else number


def _absolute(fuel: Fuel, value: Json, path: Path) -> Iterator[Json]:
    """The path with its negative positions counted from the start."""
    for step in path:
        if isinstance(value, list) and is_number(step):
            position = _position(step, len(cast("list[Json]", value)))
            yield position if position >= 0 else len(cast("list[Json]", value))
        else:
            yield step
        value = index(fuel, value, step) if value is not None else None
