"""Which function a call means: of those with its name, the one that takes just the arguments given."""

from collections.abc import Iterable
from difflib import get_close_matches

from api.rest import failures
from api.rest.bodies import BodyType
from api.rest.catalogue import Catalogue, Function
from zilliance.errors import AppError

_WHOLE_TYPES = {
    BodyType.JSON: frozenset({'"pg_catalog"."json"', '"pg_catalog"."jsonb"'}),
    BodyType.TEXT: frozenset({'"pg_catalog"."text"'}),
    BodyType.XML: frozenset({'"pg_catalog"."xml"'}),
    BodyType.BYTES: frozenset({'"pg_catalog"."bytea"'}),
}
_WHOLE_NAMES = {BodyType.JSON: "json/jsonb", BodyType.TEXT: "text", BodyType.XML: "xml", BodyType.BYTES: "bytea"}


def by_arguments(functions: Iterable[Function], names: frozenset[str]) -> list[Function]:
    """Those that have a parameter for each name, and a name for each parameter that has no default."""
    return [function for function in functions if _takes(function, names)]


def _takes(function: Function, names: frozenset[str]) -> bool:
    known = {parameter.name for parameter in function.parameters}
    required = {parameter.name for parameter in function.parameters if parameter.is_required}
    return "" not in known and required <= names <= known


def by_body(functions: Iterable[Function], body: BodyType) -> list[Function]:
    """Those with one parameter that has no name, of the type that the body is of."""
    types = _WHOLE_TYPES.get(body, frozenset())
    return [
        function
        for function in functions
        if len(function.parameters) == 1 and not function.parameters[0].name and function.parameters[0].type in types
    ]


def the_only(found: list[Function]) -> Function:
    """Raises AppError 300 where several could be meant."""
    if len(found) > 1:
        raise failures.ambiguous_function([_signature(function) for function in found])
    return found[0]


def missing(catalogue: Catalogue, schema: str, name: str, names: Iterable[str], body: BodyType | None) -> AppError:
    """What to raise when there is no such function: with the nearest name, or the parameters of those of this name."""
    given = sorted(name for name in names if name)
    is_whole = body in {BodyType.TEXT, BodyType.XML, BodyType.BYTES}
    unnamed = _WHOLE_NAMES.get(body) if body else None
    hint = None if is_whole else _hint(catalogue, schema, name, given)
    return failures.unknown_function(schema, name, given, unnamed=unnamed, is_whole=is_whole, hint=hint)


def _hint(catalogue: Catalogue, schema: str, name: str, given: list[str]) -> str | None:
    overloads = catalogue.functions(schema, name)
    if not overloads:
        near = _nearest(name, {known for where, known in catalogue.overloads if where == schema}, 0.75)
        return near and f"{schema}.{near}"
    near = _nearest(_listed(given), {_listed(sorted(p.name for p in each.parameters)) for each in overloads}, 0.33)
    return near and f"{schema}.{name}{near}"


def _nearest(text: str, known: set[str], likeness: float) -> str | None:
    return next(iter(get_close_matches(text[:200], sorted(known), n=1, cutoff=likeness)), None)


def _listed(names: list[str]) -> str:
    return f"({', '.join(names)})"


def _signature(function: Function) -> str:
    parameters = ", ".join(f"{each.name} => {_readable(each.type)}" for each in function.parameters)
    return f"{function.schema}.{function.name}({parameters})"


def _readable(type_: str) -> str:
    return type_.removeprefix('"pg_catalog".').replace('"', "")
