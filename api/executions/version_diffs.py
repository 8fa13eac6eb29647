"""What changed between two documents, by JSON pointer; lists of tasks are compared by the names of the tasks."""

from collections.abc import Iterator
from typing import Any, cast

MOST_CHANGES = 1000

Change = dict[str, Any]


def changes_between(old: Any, new: Any) -> tuple[list[Change], bool]:
    """The changes that make `new` of `old`, and whether there are more than are told.

    Pointers of what was removed are into `old`, all others into `new`.
    """
    found: list[Change] = []
    for change in _compare(old, new, "", ""):
        if len(found) == MOST_CHANGES:
            return found, True
        found.append(change)
    return found, False


def _compare(old: Any, new: Any, was: str, now: str) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _objects(cast("dict[str, Any]", old), cast("dict[str, Any]", new), was, now)
    elif isinstance(old, list) and isinstance(new, list):
        one, other = cast("list[Any]", old), cast("list[Any]", new)
        compare = _tasks if _are_tasks(one) and _are_tasks(other) else _lists
        yield from compare(one, other, was, now)
    elif not _is_same(cast("object", old), cast("object", new)):
        yield {"op": "changed", "pointer": now, "from": old, "to": new}


def _is_same(old: object, new: object) -> bool:
    """In JSON a boolean is no number."""
    return type(old) is type(new) and old == new


def _objects(old: dict[str, Any], new: dict[str, Any], was: str, now: str) -> Iterator[Change]:
    for name, value in old.items():
        if name not in new:
            yield {"op": "removed", "pointer": _at(was, name), "from": value}
    for name, value in new.items():
        if name not in old:
            yield {"op": "added", "pointer": _at(now, name), "to": value}
        else:
            yield from _compare(old[name], value, _at(was, name), _at(now, name))


def _lists(old: list[Any], new: list[Any], was: str, now: str) -> Iterator[Change]:
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        yield from _compare(one, other, _at(was, index), _at(now, index))
    for index in range(len(new), len(old)):
        yield {"op": "removed", "pointer": _at(was, index), "from": old[index]}
    for index in range(len(old), len(new)):
        yield {"op": "added", "pointer": _at(now, index), "to": new[index]}


def _tasks(old: list[Any], new: list[Any], was: str, now: str) -> Iterator[Change]:
    before = {next(iter(entry)): index for index, entry in enumerate(old)}
    after = {next(iter(entry)): index for index, entry in enumerate(new)}
    for name, index in before.items():
        if name not in after:
            pointer = _at(_at(was, index), name)
            yield {"op": "removed", "task": name, "pointer": pointer, "from": old[index][name]}
    kept = [name for name in after if name in before]
    place = {name: index for index, name in enumerate(kept)}
    was_place = {name: index for index, name in enumerate(sorted(kept, key=before.__getitem__))}
    for name, index in after.items():
        pointer = _at(_at(now, index), name)
        if name not in before:
            yield {"op": "added", "task": name, "pointer": pointer, "to": new[index][name]}
            continue
        if place[name] != was_place[name]:
            yield {"op": "moved", "task": name, "pointer": pointer, "from": before[name], "to": index}
        yield from _compare(old[before[name]][name], new[index][name], _at(_at(was, before[name]), name), pointer)


def _are_tasks(entries: list[Any]) -> bool:
    """Whether this is a list of single-key objects with different keys, as lists of tasks are."""
    objects = [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]
    names = {next(iter(entry)) for entry in objects if len(entry) == 1}
    return bool(entries) and len(names) == len(entries)


def _at(pointer: str, name: str | int) -> str:
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
