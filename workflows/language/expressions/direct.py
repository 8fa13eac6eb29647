"""The fast way: parts of an expression that have exactly one result become plain functions, without the machine."""

from collections.abc import Callable
from typing import cast

from workflows.language.expressions.arithmetic import OPERATORS, items, negate, number
from workflows.language.expressions.formats import FORMATS, join_text, written
from workflows.language.expressions.fuel import Json, RaisedError
from workflows.language.expressions.machine import Machine, Scope
from workflows.language.expressions.names import Direct, Names
from workflows.language.expressions.paths import index, part
from workflows.language.expressions.syntax import Tree
from workflows.language.expressions.values import clean_text, describe, truthy


def direct(tree: Tree, names: Names) -> Direct | None:
    """The function for a part of the tree, or None when it may have no result, or several."""
    found = names.memo.get(id(tree))
    if found is None:
        build = _BUILDERS.get(tree[0])
        found = names.memo[id(tree)] = (tree, None if build is None else build(tree, names))
    return found[1]


def directs(trees: list[Tree], names: Names) -> list[Direct] | None:
    """The functions for all parts, or None when one of them has none."""
    found = [direct(tree, names) for tree in trees]
    present = [function for function in found if function is not None]
    return present if len(present) == len(found) else None


def price(tree: Json) -> int:
    """Steps that running a part directly costs: one for each few parts of its tree."""
    size, stack = 0, [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple | list):
            size += 1
            stack.extend(cast("list[Json]", item))
    return 1 + (size >> 2)


def constant(value: Json) -> Json:
    """A literal as a value: texts without lone surrogates, integers that a double can hold."""
    if isinstance(value, str):
        return clean_text(value)
    return value if value is None or isinstance(value, bool) else number(value)


def object_of(entries: list[tuple[Json, Json]]) -> dict[str, Json]:
    for key, _ in entries:
        if not isinstance(key, str):
            raise RaisedError(f"Cannot use {describe(key)} as object key")
    return dict(entries)


def _constant(tree: Tree, _names: Names) -> Direct:
    value = constant(tree[1])
    return lambda _m, _v, _s: value


def _variable(tree: Tree, names: Names) -> Direct:
    names.read(tree[1])
    key = "$" + tree[1]
    return lambda _m, _v, scope: scope[key]


def _field(tree: Tree, names: Names) -> Direct | None:
    return _indexed(("index", tree[1], ("const", tree[2])), names)


def _indexed(tree: Tree, names: Names) -> Direct | None:
    both = directs([tree[1], tree[2]], names)
    if both is None:
        return None
    base, key = both
    return lambda m, v, scope: index(m.fuel, base(m, v, scope), key(m, v, scope))


def _slice(tree: Tree, names: Names) -> Direct | None:
    found = directs([tree[1], *(("const", None) if bound is None else bound for bound in tree[2:])], names)
    if found is None:
        return None
    base, start, end = found
    return lambda m, v, scope: part(m.fuel, base(m, v, scope), start(m, v, scope), end(m, v, scope))


def _operation(tree: Tree, names: Names) -> Direct | None:
    both = directs([tree[2], tree[3]], names)
    if both is None:
        return None
    operator = OPERATORS[tree[1]]
    left, right = both
    return lambda m, v, scope: operator(m.fuel, left(m, v, scope), right(m, v, scope))


def _negation(tree: Tree, names: Names) -> Direct | None:
    inner = direct(tree[1], names)
    return None if inner is None else lambda m, v, scope: negate(inner(m, v, scope))


def _pipe(tree: Tree, names: Names) -> Direct | None:
    both = directs([tree[1], tree[2]], names)
    if both is None:
        return None
    first, then = both
    return lambda m, v, scope: then(m, first(m, v, scope), scope)


def _condition(settle: Callable[[bool, Callable[[], bool]], bool]) -> Callable[[Tree, Names], Direct | None]:
    def build(tree: Tree, names: Names) -> Direct | None:
        both = directs([tree[1], tree[2]], names)
        if both is None:
            return None
        left, right = both
        return lambda m, v, scope: settle(truthy(left(m, v, scope)), lambda: truthy(right(m, v, scope)))

    return build


def _alternative(tree: Tree, names: Names) -> Direct | None:
    both = directs([tree[1], tree[2]], names)
    if both is None:
        return None
    first, otherwise = both

    def run(m: Machine, v: Json, scope: Scope) -> Json:
        value = first(m, v, scope)
        return value if truthy(value) else otherwise(m, v, scope)

    return run


def _branches(tree: Tree, names: Names) -> Direct | None:
    parts = directs([part for branch in tree[1] for part in branch], names)
    otherwise = direct(("identity",) if tree[2] is None else tree[2], names)
    if parts is None or otherwise is None:
        return None
    branches = list(zip(parts[::2], parts[1::2], strict=True))

    def run(m: Machine, v: Json, scope: Scope) -> Json:
        for condition, then in branches:
            if truthy(condition(m, v, scope)):
                return then(m, v, scope)
        return otherwise(m, v, scope)

    return run


def _object(tree: Tree, names: Names) -> Direct | None:
    keys, values = directs([key for key, _ in tree[1]], names), directs([value for _, value in tree[1]], names)
    if keys is None or values is None:
        return None
    entries = list(zip(keys, values, strict=True))
    return lambda m, v, scope: object_of([(key(m, v, scope), value(m, v, scope)) for key, value in entries])


def _collection(tree: Tree, names: Names) -> Direct | None:
    inner = direct(tree[1], names)
    return None if inner is None else lambda m, v, scope: [inner(m, v, scope)]


def _text(tree: Tree, names: Names) -> Direct | None:
    form = _format_named(tree[1] or "text", names)
    parts = directs([("const", part) if isinstance(part, str) else ("written", form, part) for part in tree[2]], names)
    return None if parts is None else lambda m, v, scope: join_text(m.fuel, [part(m, v, scope) for part in parts])


def _written(tree: Tree, names: Names) -> Direct | None:
    form, inner = tree[1], direct(tree[2], names)
    return None if inner is None else lambda m, v, scope: written(m.fuel, form, inner(m, v, scope))


def _format(tree: Tree, names: Names) -> Direct | None:
    return _written(("written", _format_named(tree[1], names), ("identity",)), names)


def _format_named(form: str, names: Names) -> str:
    if form not in FORMATS:
        raise names.error(f"@{form} is not a format", f"@{form}")
    return form


def _call(tree: Tree, names: Names) -> Direct | None:
    key, trees = names.builtin(tree), tree[2]
    if key == "map/1":
        return _mapped(trees[0], names)
    function = None if key is None else names.known.values.get(key)
    arguments = None if function is None else directs(trees, names)
    if function is None or arguments is None:
        return None
    if not arguments:
        return lambda m, v, _s: function(m.fuel, v)
    return lambda m, v, scope: function(m.fuel, v, *(argument(m, v, scope) for argument in arguments))


def _mapped(tree: Tree, names: Names) -> Direct | None:
    function = direct(tree, names)
    if function is None:
        return None
    steps = price(tree)

    def run(m: Machine, v: Json, scope: Scope) -> list[Json]:
        found: list[Json] = []
        for item in items(m.fuel, v):
            m.fuel.spend(steps)
            found.append(function(m, item, scope))
        return found

    return run


_BUILDERS: dict[str, Callable[[Tree, Names], Direct | None]] = {
    "identity": lambda _tree, _names: lambda _m, v, _s: v,
    "const": _constant,
    "emptyarray": lambda _tree, _names: lambda _m, _v, _s: [],
    "loc": lambda _tree, _names: lambda _m, _v, _s: {"file": "<top-level>", "line": 1},
    "var": _variable,
    "field": _field,
    "index": _indexed,
    "slice": _slice,
    "binop": _operation,
    "neg": _negation,
    "pipe": _pipe,
    "and": _condition(lambda left, right: left and right()),
    "or": _condition(lambda left, right: left or right()),
    "alt": _alternative,
    "if": _branches,
    "object": _object,
    "collect": _collection,
    "str": _text,
    "written": _written,
    "format": _format,
    "call": _call,
    "builtin": _call,
}
