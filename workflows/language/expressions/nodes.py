"""The general way: every form of the language as a node of the machine, generators and paths included."""

from collections.abc import Callable

from workflows.language.expressions.arithmetic import OPERATORS, negate
from workflows.language.expressions.direct import direct, object_of, price
from workflows.language.expressions.formats import join_text, written
from workflows.language.expressions.fuel import Json, elements_fit
from workflows.language.expressions.machine import Continuation, Handler, Jump, Machine, Node, Scope
from workflows.language.expressions.names import Builder, Names
from workflows.language.expressions.paths import BROKEN, Path, extended, index, part, parts
from workflows.language.expressions.syntax import Tree
from workflows.language.expressions.values import truthy

_PATHS = ("identity", "field", "index", "slice", "pipe", "alt", "if")  # direct forms that can also be followed as paths


def build(tree: Tree, names: Names) -> Node:
    """The node for a part of the tree."""
    function = direct(tree, names)
    if function is None:
        return names.known.syntax[tree[0]](tree, names)
    steps = price(tree)
    followed = names.known.syntax[tree[0]](tree, names) if tree[0] in _PATHS else None

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        if p is None or followed is None:
            m.fuel.spend(steps)
            return k, (function(m, v, scope), None if p is None else BROKEN)
        return followed(m, v, p, scope, k)

    return node


def values_of(trees: list[Tree], names: Names) -> tuple[Node, ...]:
    return tuple(build(tree, names) for tree in trees)


def computed(nodes: tuple[Node, ...], compute: Callable[[Machine, tuple[Json, ...]], Json]) -> Node:
    """A value made from each combination of results; the last node varies fastest."""

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        path = None if p is None else BROKEN
        return m.gather(nodes, v, scope, lambda found: (k, (compute(m, found), path)))

    return node


def _identity(_tree: Tree, _names: Names) -> Node:
    return lambda _m, v, p, _s, k: (k, (v, p))


def _field(tree: Tree, names: Names) -> Node:
    return _indexed(("index", tree[1], ("const", tree[2])), names)


def _indexed(tree: Tree, names: Names) -> Node:
    return _accessed(tree[1], [tree[2]], names, lambda found: found[0])


def _slice(tree: Tree, names: Names) -> Node:
    bounds = [("const", None) if bound is None else bound for bound in reversed(tree[2:])]
    return _accessed(tree[1], bounds, names, lambda found: {"start": found[1], "end": found[0]})


def _accessed(base: Tree, keys: list[Tree], names: Names, step_of: Callable[[tuple[Json, ...]], Json]) -> Node:
    container, nodes = build(base, names), values_of(keys, names)
    take: Callable[[Machine, Json, Json], Json] = (
        (lambda m, v, key: index(m.fuel, v, key))
        if len(keys) == 1
        else (lambda m, v, key: part(m.fuel, v, key["start"], key["end"]))
    )

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        def with_keys(found: tuple[Json, ...]) -> Jump:
            step = step_of(found)
            return m.go(container, v, p, scope, lambda b, bp: (k, (take(m, b, step), extended(bp, step, b))))

        return m.gather(nodes, v, scope, with_keys)

    return node


def _iterated(tree: Tree, names: Names) -> Node:
    container = build(tree[1], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        return m.go(container, v, p, scope, lambda b, bp: m.stream(parts(b, bp), k))

    return node


def _pipe(tree: Tree, names: Names) -> Node:
    first, then = build(tree[1], names), build(tree[2], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        return m.go(first, v, p, scope, lambda b, bp: (then, (m, b, bp, scope, k)))

    return node


def _comma(tree: Tree, names: Names) -> Node:
    first, second = build(tree[1], names), build(tree[2], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        m.choose(second, m, v, p, scope, k)
        return first, (m, v, p, scope, k)

    return node


def _operation(tree: Tree, names: Names) -> Node:
    operator = OPERATORS[tree[1]]
    nodes = values_of([tree[3], tree[2]], names)
    return computed(nodes, lambda m, found: operator(m.fuel, found[1], found[0]))


def _negation(tree: Tree, names: Names) -> Node:
    return computed(values_of([tree[1]], names), lambda _m, found: negate(found[0]))


def _condition(*, decisive: bool) -> Callable[[Tree, Names], Node]:
    """`and` and `or`: one value of the left side decides, the other leaves it to the right side."""

    def make(tree: Tree, names: Names) -> Node:
        left, right = build(tree[1], names), build(tree[2], names)

        def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
            path = None if p is None else BROKEN

            def decide(value: Json, _: Path | None) -> Jump:
                if truthy(value) is decisive:
                    return k, (decisive, path)
                return m.go(right, v, None, scope, lambda other, _: (k, (truthy(other), path)))

            return left, (m, v, None, scope, decide)

        return node

    return make


def _alternative(tree: Tree, names: Names) -> Node:
    first, second = build(tree[1], names), build(tree[2], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        found = False

        def otherwise() -> Jump:
            return m.fail() if found else (second, (m, v, p, scope, k))

        def keep(value: Json, path: Path | None) -> Jump:
            nonlocal found
            if not truthy(value):
                return m.fail()
            found = True
            return k, (value, path)

        m.choose(otherwise)
        return first, (m, v, p, scope, keep)

    return node


def _guarded(tree: Tree, names: Names) -> Node:
    body = build(tree[1], names)
    handler = build(tree[2], names) if tree[0] == "try" and tree[2] is not None else None

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        outer = m.handler

        def catch(value: Json) -> Jump:
            return m.fail() if handler is None else (handler, (m, value, None if p is None else BROKEN, scope, k))

        def leave(value: Json, path: Path | None) -> Jump:
            m.handler = outer  # what comes after the body is not guarded by it
            return k, (value, path)

        m.handler = Handler(len(m.choices), catch, outer)
        return body, (m, v, p, scope, leave)

    return node


def _collection(tree: Tree, names: Names) -> Node:
    body = build(tree[1], names)

    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        found: list[Json] = []

        def keep(value: Json, _: Path | None) -> Jump:
            elements_fit(len(found) + 1)
            found.append(value)
            return m.fail()

        m.choose(k, found, None if p is None else BROKEN)
        return body, (m, v, None, scope, keep)

    return node


def _text(tree: Tree, names: Names) -> Node:
    form = tree[1] or "text"
    parts_of = [("const", piece) if isinstance(piece, str) else ("written", form, piece) for piece in tree[2]]
    nodes = values_of(list(reversed(parts_of)), names)
    return computed(nodes, lambda m, found: join_text(m.fuel, list(reversed(found))))


def _written(tree: Tree, names: Names) -> Node:
    return computed(values_of([tree[2]], names), lambda m, found: written(m.fuel, tree[1], found[0]))


def _object(tree: Tree, names: Names) -> Node:
    nodes = values_of([part for entry in tree[1] for part in entry], names)
    return computed(nodes, lambda _m, found: object_of(list(zip(found[::2], found[1::2], strict=True))))


def _branches(tree: Tree, names: Names) -> Node:
    *_, last = tree
    node = build(("identity",) if last is None else last, names)
    for condition, then in reversed(tree[1]):
        node = _branch(build(condition, names), build(then, names), node)
    return node


def _branch(condition: Node, then: Node, otherwise: Node) -> Node:
    def node(m: Machine, v: Json, p: Path | None, scope: Scope, k: Continuation) -> Jump:
        def decide(value: Json, _: Path | None) -> Jump:
            return then if truthy(value) else otherwise, (m, v, p, scope, k)

        return condition, (m, v, None, scope, decide)

    return node


NODES: dict[str, Builder] = {
    "identity": _identity,
    "field": _field,
    "index": _indexed,
    "slice": _slice,
    "iterate": _iterated,
    "pipe": _pipe,
    "comma": _comma,
    "binop": _operation,
    "neg": _negation,
    "and": _condition(decisive=False),
    "or": _condition(decisive=True),
    "alt": _alternative,
    "opt": _guarded,
    "try": _guarded,
    "collect": _collection,
    "str": _text,
    "written": _written,
    "object": _object,
    "if": _branches,
    "assign": lambda tree, names: build(names.desugarer.assignment(*tree[1:]), names),
}
