"""Forms of the language that are short for others: destructuring, its alternatives and the assignments."""

from collections.abc import Iterator
from itertools import count

from workflows.language.expressions.fuel import Json
from workflows.language.expressions.syntax import Tree

DOT: Tree = ("identity",)


class Desugarer:
    """Rewrites the forms of one expression; the names it makes cannot be written in a source."""

    def __init__(self) -> None:
        self._numbers = count()

    def fresh(self) -> str:
        return f"{next(self._numbers)}"

    def binding(self, source: Tree, patterns: list[Tree], body: Tree) -> Tree:
        """`source as pattern | body`; with `?//` between patterns an error, of the body too, leads to the next one."""
        if len(patterns) == 1:
            return self._matched(patterns[0], source, body)
        value, item = self.fresh(), self.fresh()
        names = _names_of(patterns)
        found = [self._matched(pattern, ("var", value), _object_of(pattern)) for pattern in patterns]
        return ("bind", source, value, ("attempts", found, item, self._unpacked(item, names, body)))

    def loop(self, tree: Tree) -> Tree:
        """`reduce` and `foreach` over a pattern: loop over objects of the variables instead."""
        kind, source, patterns, *rest = tree
        if len(patterns) == 1 and patterns[0][0] == "pvar":
            return ("loop", kind, source, patterns[0][1], *rest)
        names, item = _names_of(patterns), self.fresh()
        collected: Tree = ("object", [(("const", name), ("var", name)) for name in names])
        init, *steps = rest
        unpacked = [None if step is None else self._unpacked(item, names, step) for step in steps]
        return ("loop", kind, self.binding(source, patterns, collected), item, init, *unpacked)

    def assignment(self, operator: str, target: Tree, value: Tree) -> Tree:
        if operator == "|=":
            return ("builtin", "_modify", [target, value])
        name = self.fresh()
        new: Tree = ("var", name)
        if operator == "//=":
            new = ("alt", DOT, new)
        elif operator != "=":
            new = ("binop", operator[:-1], DOT, new)
        return ("bind", value, name, ("builtin", "_modify", [target, new]))

    def _unpacked(self, item: str, names: list[str], body: Tree) -> Tree:
        """The body with the members of an object as variables."""
        for name in names:
            body = ("bind", ("index", ("var", item), ("const", name)), name, body)
        return body

    def _matched(self, pattern: Tree, source: Tree, body: Tree) -> Tree:
        if pattern[0] == "pvar":
            return ("bind", source, pattern[1], body)
        value = self.fresh()
        for key, inner, name in reversed(list(_entries(pattern))):
            found: Tree = ("index", ("var", value), ("pipe", ("var", value), key))
            if name is None:
                body = self._matched(inner, found, body)
            else:
                body = ("bind", found, name, self._matched(inner, ("var", name), body))
        return ("bind", source, value, body)


def _names_of(patterns: list[Tree]) -> list[str]:
    return sorted({name for pattern in patterns for name in _variables_of(pattern)})


def _object_of(pattern: Tree) -> Tree:
    return ("object", [(("const", name), ("var", name)) for name in sorted(set(_variables_of(pattern)))])


def _variables_of(pattern: Tree) -> Iterator[str]:
    if pattern[0] == "pvar":
        yield pattern[1]
        return
    for _, inner, name in _entries(pattern):
        if name is not None:
            yield name
        yield from _variables_of(inner)


def _entries(pattern: Tree) -> Iterator[tuple[Tree, Tree, Json]]:
    if pattern[0] == "parray":
        return ((("const", position), inner, None) for position, inner in enumerate(pattern[1]))
    return iter(pattern[1])
