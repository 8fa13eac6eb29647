"""Finds functions of a document that would call themselves for ever."""

from collections.abc import Mapping
from typing import cast


def recursive_functions(functions: object) -> list[str]:
    """The names of functions that are part of a circle of calls, in order of definition."""
    if not isinstance(functions, Mapping):
        return []
    bodies = cast("Mapping[str, object]", functions)
    calls = {name: calls_in(body) & bodies.keys() for name, body in bodies.items()}
    return [name for name in bodies if name in _reachable(name, calls)]


def _reachable(start: str, calls: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    stack = sorted(calls[start])
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(calls[name])
    return found


def calls_in(body: object) -> set[str]:
    """Every name under a `call` key; one too many in some literal value would only be a strange document."""
    found: set[str] = set()
    stack = [body]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            members = cast("Mapping[str, object]", item)
            call = members.get("call")
            if isinstance(call, str):
                found.add(call)
            stack.extend(members.values())
        elif isinstance(item, list):
            stack.extend(cast("list[object]", item))
    return found
