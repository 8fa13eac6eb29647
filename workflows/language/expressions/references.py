"""Which members of a variable an expression reads, as far as its text alone tells."""

from functools import lru_cache
from typing import cast

from workflows.language.expressions.syntax import Tree, parse


@lru_cache(maxsize=2048)
def members_read(source: str, variable: str) -> frozenset[str] | None:
    """The names in `$variable.name` and `$variable["name"]`; None when the variable is read in any other way.

    Raises `ExpressionError` for what is no expression.
    """
    names: set[str] = set()
    read: object = ("var", variable)
    stack: list[object] = [parse(source)]
    while stack:
        item = stack.pop()
        if item == read:
            return None
        if not isinstance(item, tuple | list):
            continue
        parts = cast("Tree | list[object]", item)
        name = _member(parts, read)
        if name is None:
            stack.extend(parts)
        else:
            names.add(name)
    return frozenset(names)


def _member(parts: "Tree | list[object]", read: object) -> str | None:
    """The name, when these parts are a constant member of the variable."""
    match parts:
        case ("field", of, str(name)) if of == read:
            return name
        case ("index", of, ("const", str(name))) if of == read:
            return name
        case _:
            return None
