"""Values of a definition in which strings may be expressions, compiled once and rendered for each run of a task."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from workflows.language.expressions import Expression, ExpressionError, Fuel, compile_expression

_WRAPPED = re.compile(r"\s*\$\{(.+)\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression sees."""

    dot: object
    variables: Mapping[str, object]
    fuel: Fuel
    now: float


Node = Callable[[Surroundings], object]


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled value.

    Attributes:
        variables: the names that its expressions read, without the dollar sign.
        constant: true when there is nothing to evaluate, so that `render` returns the same object each time.
    """

    node: Node
    variables: frozenset[str]
    constant: bool

    def render(self, dot: object, variables: Mapping[str, object], fuel: Fuel, now: float = 0.0) -> object:
        """The value with every expression replaced by its typed result; raises `ExpressionError`.

        What an expression yields is data: nothing in it is ever evaluated again.
        """
        return self.node(Surroundings(dot, variables, fuel, now))


def unwrap(text: str) -> str | None:
    """The expression inside `${ }`, or None when the string is not wholly one."""
    match = _WRAPPED.fullmatch(text)
    return None if match is None else match[1].strip()


def from_template(value: object, *, loose: bool = False) -> Template:
    """Compile a template position: strings that are `${ ... }` are expressions, everything else is literal.

    Args:
        value: JSON.
        loose: the document's mode `loose`: every string is tried as an expression and kept as it is when that fails.
    """
    found: list[Expression] = []
    node = _compile(value, found, loose=loose)
    if node is None:
        return Template(_constant(value), frozenset(), constant=True)
    return Template(node, _variables(found), constant=False)


def from_expression(source: str) -> Template:
    """Compile a position that is an expression with or without `${ }`."""
    bare = unwrap(source)
    expression = compile_expression(source if bare is None else bare)
    return Template(_evaluating(expression), _variables([expression]), constant=False)


def expressions_in(value: object, pointer: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every string of a template with its place, for validation."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield from expressions_in(item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from expressions_in(item, (*pointer, index))


def _compile(value: object, found: list[Expression], *, loose: bool) -> Node | None:
    """The node of a value, or None when there is nothing to evaluate in it."""
    if isinstance(value, str):
        return _compile_text(value, found, loose=loose)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        return _mapping({key: (_compile(item, found, loose=loose), item) for key, item in items.items()})
    if isinstance(value, list):
        elements = cast("list[object]", value)
        return _sequence([(_compile(item, found, loose=loose), item) for item in elements])
    return None


def _compile_text(text: str, found: list[Expression], *, loose: bool) -> Node | None:
    bare = unwrap(text)
    if bare is not None:
        expression = compile_expression(bare)
        found.append(expression)
        return _evaluating(expression)
    if not loose:
        return None
    try:
        expression = compile_expression(text)
    except ExpressionError:
        return None
    found.append(expression)
    return _tolerant(expression, text)


def _mapping(items: dict[str, tuple[Node | None, object]]) -> Node | None:
    if all(node is None for node, _ in items.values()):
        return None
    parts = [(key, node or _constant(item)) for key, (node, item) in items.items()]
    return lambda around: {key: node(around) for key, node in parts}


def _sequence(items: list[tuple[Node | None, object]]) -> Node | None:
    if all(node is None for node, _ in items):
        return None
    parts = [node or _constant(item) for node, item in items]
    return lambda around: [node(around) for node in parts]


def _constant(value: object) -> Node:
    return lambda _: value


def _evaluating(expression: Expression) -> Node:
    evaluate = expression.evaluate
    return lambda around: evaluate(around.dot, around.variables, fuel=around.fuel, now=around.now)


def _tolerant(expression: Expression, text: str) -> Node:
    def node(around: Surroundings) -> object:
        try:
            return expression.evaluate(around.dot, around.variables, fuel=around.fuel, now=around.now)
        except ExpressionError:
            return text

    return node


def _variables(expressions: list[Expression]) -> frozenset[str]:
    return frozenset[str]().union(*(expression.variables for expression in expressions))
