"""Templates that read secrets: what they need travels to the activity, and only there does the value come to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from workflows.language.expressions import Expression, ExpressionError, compile_expression
from workflows.language.expressions.references import members_read
from workflows.language.templates import Template, from_template, unwrap

SECRETS = "secrets"
AUTHORIZATION = "authorization"
LATE_VARIABLES = frozenset({SECRETS, AUTHORIZATION})

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """A place of a value whose expression is evaluated later.

    Attributes:
        path: members and indexes from the top; empty when the whole value is one expression.
        source: the expression, without `${ }`.
    """

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class LateTemplate:
    """A template of which a part stays unevaluated in the workflow.

    Attributes:
        early: the template with null in each hole.
        variables: what the expressions of the holes read besides the late variables.
        secrets: the names of the secrets that they read; None when that cannot be told from their text.
    """

    early: Template
    holes: tuple[Hole, ...]
    variables: frozenset[str]
    secrets: frozenset[str] | None


def from_late_template(value: object, *, loose: bool = False) -> LateTemplate:
    """Compile a position in which `$secrets` and `$authorization` may be read; raises `ExpressionError`."""
    holes: list[Hole] = []
    early = _punch(value, (), holes, loose=loose)
    expressions = [compile_expression(hole.source) for hole in holes]
    variables = frozenset[str]().union(*(expression.variables for expression in expressions))
    return LateTemplate(
        from_template(early, loose=loose), tuple(holes), variables - LATE_VARIABLES, _secrets_of(expressions)
    )


def fill(value: object, path: Path, content: object) -> object:
    """The value with `content` at `path`; the parts on the way are copied, never changed."""
    if not path:
        return content
    first, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        members = dict(cast("Mapping[str, object]", value))
        members[str(first)] = fill(members.get(str(first)), rest, content)
        return members
    if isinstance(value, list) and isinstance(first, int):
        elements = list(cast("list[object]", value))
        elements[first] = fill(elements[first], rest, content)
        return elements
    raise ValueError(f"there is no place {first!r} to fill")


def _punch(value: object, path: Path, holes: list[Hole], *, loose: bool) -> object:
    """The value with null for every expression that reads a late variable."""
    if isinstance(value, str):
        source = _late_source(value, loose=loose)
        if source is None:
            return value
        holes.append(Hole(path, source))
        return None
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return {name: _punch(item, (*path, name), holes, loose=loose) for name, item in members.items()}
    if isinstance(value, list):
        elements = cast("list[object]", value)
        return [_punch(item, (*path, index), holes, loose=loose) for index, item in enumerate(elements)]
    return value


def _late_source(text: str, *, loose: bool) -> str | None:
    """The expression of a text that reads a late variable."""
    source = unwrap(text)
    if source is None:
        if not loose:
            return None
        source = text
    try:
        expression = compile_expression(source)
    except ExpressionError:
        if loose and unwrap(text) is None:
            return None
        raise
    return source if expression.variables & LATE_VARIABLES else None


def _secrets_of(expressions: list[Expression]) -> frozenset[str] | None:
    names: set[str] = set()
    for expression in expressions:
        if SECRETS not in expression.variables:
            continue
        read = members_read(expression.source, SECRETS)
        if read is None:
            return None
        names |= read
    return frozenset(names)
