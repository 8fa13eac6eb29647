"""Builtins that are more than a function of values: they take filters, follow paths or yield many results."""

import math
from collections.abc import Callable, Iterator
from typing import cast

from workflows.language.expressions.desugar import DOT
from workflows.language.expressions.fuel import Json, RaisedError, elements_fit
from workflows.language.expressions.machine import Continuation, Jump, Machine, Node, Scope
from workflows.language.expressions.names import Form, Key, Names
from workflows.language.expressions.nodes import build, values_of
from workflows.language.expressions.paths import BROKEN, Edit, Path, at, descendants, extended
from workflows.language.expressions.syntax import Tree
from workflows.language.expressions.values import describe, is_number, truthy


def _empty(_trees: list[Tree], _names: Names) -> Node:
    return lambda m, _v, _p, _s, _k: m.fail()


def _now(_trees: list[Tree], _names: Names) -> Node:
    return lambda m, _v, p, _s, k: (k, (m.now, None if p is None else BROKEN))


def _recurse(_trees: list[Tree], _names: Names) -> Node:
    return lambda m, v, p, _s, k: m.stream(descendants(v, p), k)


def _select(trees: list[Tree], names: Names) -> Node:
    condition = build(trees[0], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        return m.go(condition, v, None, scope, lambda value, _: (k, (v, p)) if truthy(value) else m.fail())

    return node


def _rewritten(rewrite: Callable[[Tree], Tree]) -> Form:
    """A builtin that is short for another expression; written out, its filter can still run directly."""
    return lambda trees, names: build(rewrite(trees[0]), names)


def _builtin(name: str, *arguments: Tree) -> Tree:
    return ("builtin", name, list(arguments))


def _keyed(name: str) -> Form:
    """Sorting and its kin: each element's key is the array of what the filter yields for it."""
    return _rewritten(lambda f: _builtin(name, _builtin("map", ("collect", f))))


def _path(trees: list[Tree], names: Names) -> Node:
    target = build(trees[0], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        outer = None if p is None else BROKEN

        def show(value: Json, path: Path | None) -> Jump:
            reached = list(_reached(value, path))
            m.fuel.spend(1 + (len(reached) >> 1))
            return k, (reached, outer)

        return target, (m, v, (), scope, show)

    return node


def _getpath(trees: list[Tree], names: Names) -> Node:
    nodes = values_of(trees, names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        def reach(found: tuple[Json, ...]) -> Jump:
            path = p
            for step in as_path(found[0]):
                path = extended(path, step, v)
            return k, (at(m.fuel, v, as_path(found[0])), path)

        return m.gather(nodes, v, scope, reach)

    return node


def _modify(trees: list[Tree], names: Names) -> Node:
    """Replace the value at each path by the first result of a filter on it; delete those for which there is none."""
    target, update = build(trees[0], names), build(trees[1], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        edit, paths, gone = Edit(m.fuel, v), list[Path](), list[Path]()
        height = len(m.choices)

        def keep(value: Json, path: Path | None) -> Jump:
            elements_fit(len(paths) + 1)
            paths.append(_reached(value, path))
            return m.fail()

        def without(position: int) -> Jump:
            gone.append(paths[position])
            return following, (position + 1,)

        def following(position: int) -> Jump:
            if position == len(paths):
                edit.delete(gone)
                return k, (edit.value, None if p is None else BROKEN)

            def replace(new: Json, _: Path | None) -> Jump:
                m.cut(height)
                edit.write(paths[position], new)
                return following, (position + 1,)

            m.choose(without, position)
            return update, (m, edit.read(paths[position]), None, scope, replace)

        m.choose(following, 0)
        return target, (m, v, (), scope, keep)

    return node


def _limit(trees: list[Tree], names: Names) -> Node:
    counts, body = values_of([trees[0]], names), build(trees[1], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        def start(found: tuple[Json, ...]) -> Jump:
            return _taking(m, _natural(found[0], "limit"), (body, (v, p, scope)), k)

        return m.gather(counts, v, scope, start)

    return node


def _first(trees: list[Tree], names: Names) -> Node:
    body = build(trees[0], names)
    return lambda m, v, p, scope, k: _taking(m, 1, (body, (v, p, scope)), k)


def _taking(m: Machine, count: float, body: tuple[Node, tuple[Json, ...]], k: Continuation) -> Jump:
    if count <= 0:
        return m.fail()
    height, left = len(m.choices), count

    def keep(value: Json, path: Path | None) -> Jump:
        nonlocal left
        left -= 1
        if left <= 0:
            m.cut(height)
        return k, (value, path)

    return body[0], (m, *body[1], keep)


def _last(trees: list[Tree], names: Names) -> Node:
    body = build(trees[0], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        found: list[tuple[Json, Path | None]] = []

        def keep(value: Json, path: Path | None) -> Jump:
            found[:] = [(value, path)]
            return m.fail()

        m.choose(lambda: (k, found[0]) if found else m.fail())
        return body, (m, v, p, scope, keep)

    return node


def _range(complete: Callable[[tuple[Json, ...]], tuple[Json, Json, Json]]) -> Form:
    def form(trees: list[Tree], names: Names) -> Node:
        bounds = values_of(trees, names)

        def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
            path = None if p is None else BROKEN
            return m.gather(bounds, v, scope, lambda found: m.stream(_numbers(complete(found), path), k))

        return node

    return form


def _numbers(bounds: tuple[Json, Json, Json], path: Path | None) -> Iterator[tuple[Json, Path | None]]:
    start, end, step = bounds
    if not (is_number(start) and is_number(end) and is_number(step)):
        raise RaisedError("Range bounds must be numeric")
    while (step > 0 and start < end) or (step < 0 and start > end):
        yield start, path
        start += step


def _natural(count: Json, name: str) -> float:
    if not is_number(count) or not count >= 0:
        raise RaisedError(f"{name} needs a count of zero or more, not {describe(count)}")
    return math.ceil(count) if math.isfinite(count) else count


def as_path(value: Json) -> Path:
    if not isinstance(value, list):
        raise RaisedError("Path must be specified as an array")
    return tuple(cast("list[Json]", value))


def _reached(value: Json, path: Path | None) -> Path:
    if path is None or path is BROKEN:
        raise RaisedError(f"Invalid path expression with result {describe(value)}")
    return path


FORMS: dict[Key, Form] = {
    "empty/0": _empty,
    "now/0": _now,
    "recurse/0": _recurse,
    "select/1": _select,
    "map/1": _rewritten(lambda f: ("collect", ("pipe", ("iterate", DOT), f))),
    "map_values/1": _rewritten(lambda f: ("assign", "|=", ("iterate", DOT), f)),
    "with_entries/1": _rewritten(
        lambda f: ("pipe", _builtin("to_entries"), ("pipe", _builtin("map", f), _builtin("from_entries")))
    ),
    "sort_by/1": _keyed("_sort_by"),
    "group_by/1": _keyed("_group_by"),
    "unique_by/1": _keyed("_unique_by"),
    "min_by/1": _keyed("_min_by"),
    "max_by/1": _keyed("_max_by"),
    "path/1": _path,
    "getpath/1": _getpath,
    "_modify/2": _modify,
    "limit/2": _limit,
    "first/1": _first,
    "last/1": _last,
    "range/1": _range(lambda found: (0, found[0], 1)),
    "range/2": _range(lambda found: (found[0], found[1], 1)),
    "range/3": _range(lambda found: (found[0], found[1], found[2])),
}
