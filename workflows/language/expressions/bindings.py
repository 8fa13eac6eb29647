"""Names at work: variables, functions and their filter arguments, the loops that carry a state, and labels."""

from collections.abc import Callable
from typing import cast

from workflows.language.expressions.fuel import MAX_RECURSION, FuelExhausted, Json
from workflows.language.expressions.machine import Continuation, Handler, Jump, Machine, Node, Scope
from workflows.language.expressions.names import Builder, Definition, Key, Names
from workflows.language.expressions.nodes import build, values_of
from workflows.language.expressions.paths import BROKEN, Path
from workflows.language.expressions.syntax import Tree


def _binding(tree: Tree, names: Names) -> Node:
    source, body = build(tree[1], names), build(tree[3], names.with_variable(tree[2]))
    key = "$" + tree[2]

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        return m.go(source, v, None, scope, lambda value, _: (body, (m, v, p, {**scope, key: value}, k)))

    return node


def _attempts(tree: Tree, names: Names) -> Node:
    """Each way to match in turn, until one and the body after it raise no error; the last may raise."""
    matches, key = values_of(tree[1], names), "$" + tree[2]
    body = build(tree[3], names.with_variable(tree[2]))

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        outer = m.handler

        def leave(value: Json, path: Path | None) -> Jump:
            m.handler = outer
            return k, (value, path)

        def attempt(position: int) -> Jump:
            if position + 1 < len(matches):
                m.handler = Handler(len(m.choices), lambda _: (attempt, (position + 1,)), outer)
            return m.go(
                matches[position], v, None, scope, lambda found, _: (body, (m, v, p, {**scope, key: found}, leave))
            )

        return attempt, (0,)

    return node


def _definition(tree: Tree, names: Names) -> Node:
    _, name, parameters, body, rest = tree
    key = f"{name}/{len(parameters)}"
    definition = define(name, parameters, body, names)
    after = build(rest, names.with_function(key, definition))

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        return after, (m, v, p, {**scope, key: scope}, k)

    return node


def define(name: str, parameters: list[str], body: Tree, names: Names, into: Definition | None = None) -> Definition:
    """Compile a function; a parameter `$x` is a filter `x` whose each result is bound to the variable."""
    keys = [parameter.removeprefix("$") + "/0" for parameter in parameters]
    definition = Definition(keys) if into is None else into
    if into is None:
        names = names.with_function(f"{name}/{len(keys)}", definition)
    for key, parameter in reversed(list(zip(keys, parameters, strict=True))):
        names = names.with_function(key, None)
        if parameter.startswith("$"):
            body = ("bind", ("call", key.removesuffix("/0"), []), parameter[1:], body)
    definition.body = build(body, names)
    return definition


def _call(tree: Tree, names: Names) -> Node:
    _, name, trees = tree
    key = names.builtin(tree)
    if key is None:
        key = f"{name}/{len(trees)}"
        definition = names.functions[key]
        return _argument(key) if definition is None else _application(key, definition, trees, names)
    if key in names.known.forms:
        return names.known.forms[key](trees, names)
    if key in names.known.values:
        function = names.known.values[key]
        nodes = values_of(list(reversed(trees)), names)
        return _applied(nodes, lambda m, v, found: function(m.fuel, v, *reversed(found)))
    if key in names.known.definitions:
        return _application(None, names.known.definitions[key], trees, names)
    raise names.undefined(key)


def _applied(nodes: tuple[Node, ...], compute: Callable[[Machine, Json, tuple[Json, ...]], Json]) -> Node:
    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        path = None if p is None else BROKEN
        return m.gather(nodes, v, scope, lambda found: (k, (compute(m, v, found), path)))

    return node


def _argument(key: Key) -> Node:
    """A call of a filter that was given as argument: it runs where it was written."""

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        argument, defined_in = scope[key]
        return argument, (m, v, p, defined_in, k)

    return node


def _application(key: Key | None, definition: Definition, trees: list[Tree], names: Names) -> Node:
    arguments = [
        (parameter, *_passed(tree, names)) for parameter, tree in zip(definition.parameters, trees, strict=True)
    ]

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        inner: Scope = {} if key is None else {**scope[key], key: scope[key]}
        inner["#"] = _depth(scope, k)
        for parameter, passed_on, argument in arguments:
            inner[parameter] = (argument, scope) if passed_on is None else scope[passed_on]
        return cast("Node", definition.body), (m, v, p, inner, k)

    return node


def _depth(scope: Scope, k: Continuation) -> tuple[int, Continuation]:
    """How many calls wait for this one. A call with the continuation of its caller is the caller's last act: a loop."""
    depth, caller = scope.get("#", (0, None))
    if caller is k:
        return depth, k
    if depth >= MAX_RECURSION:
        raise FuelExhausted(f"functions call each other more than {MAX_RECURSION} deep; loop with reduce instead")
    return depth + 1, k


def _passed(tree: Tree, names: Names) -> tuple[Key | None, Node]:
    """An argument, and its name when it is merely passed on: chains of arguments would grow with each recursion."""
    key = f"{tree[1]}/0" if tree[0] == "call" and not tree[2] else ""
    passed_on = key in names.functions and names.functions[key] is None
    return key if passed_on else None, build(tree, names)


def _loop(tree: Tree, names: Names) -> Node:
    _, kind, source, name, init, update, *rest = tree
    inside = names.with_variable(name)
    nodes = build(source, names), build(init, names), build(update, inside)
    if kind == "reduce":
        return _reduction("$" + name, *nodes)
    extract = rest[0] if rest and rest[0] is not None else ("identity",)
    return _running("$" + name, *nodes, build(extract, inside))


def _reduction(key: str, source: Node, init: Node, update: Node) -> Node:
    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        def start(value: Json, path: Path | None) -> Jump:
            state = value, path

            def keep(new: Json, new_path: Path | None) -> Jump:
                nonlocal state
                state = new, new_path
                return m.fail()

            def step(item: Json, _: Path | None) -> Jump:
                nonlocal state
                old, state = state, (None, None if p is None else BROKEN)
                return update, (m, *old, {**scope, key: item}, keep)

            m.choose(lambda: (k, state))
            return source, (m, v, None, scope, step)

        return init, (m, v, p, scope, start)

    return node


def _running(key: str, source: Node, init: Node, update: Node, extract: Node) -> Node:
    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        def start(value: Json, path: Path | None) -> Jump:
            state = value, path

            def step(item: Json, _: Path | None) -> Jump:
                inner = {**scope, key: item}

                def show(new: Json, new_path: Path | None) -> Jump:
                    nonlocal state
                    state = new, new_path
                    return extract, (m, new, new_path, inner, k)

                return update, (m, *state, inner, show)

            return source, (m, v, None, scope, step)

        return init, (m, v, p, scope, start)

    return node


def _label(tree: Tree, names: Names) -> Node:
    key = "*" + tree[1]
    body = build(tree[2], names.with_label(tree[1]))

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        return body, (m, v, p, {**scope, key: len(m.choices)}, k)

    return node


def _break(tree: Tree, names: Names) -> Node:
    if tree[1] not in names.labels:
        raise names.error(f"label ${tree[1]} is not defined", f"${tree[1]}")
    key = "*" + tree[1]

    def node(m: Machine, _v: Json, _p: Path | None, scope: Scope, _k: Continuation) -> Jump:
        m.cut(scope[key])
        return m.fail()

    return node


BINDINGS: dict[str, Builder] = {
    "bind": _binding,
    "as": lambda tree, names: build(names.desugarer.binding(*tree[1:]), names),
    "reduce": lambda tree, names: build(names.desugarer.loop(tree), names),
    "foreach": lambda tree, names: build(names.desugarer.loop(tree), names),
    "loop": _loop,
    "attempts": _attempts,
    "funcdef": _definition,
    "call": _call,
    "builtin": _call,
    "label": _label,
    "break": _break,
}
