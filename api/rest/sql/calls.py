"""Calls of functions. What they answer is then a source like any other: filtered, ordered, embedded into."""

# ruff: noqa: S608  SQL is made here: the package says what may stand in it

from dataclasses import replace

from api.rest.catalogue import Function, Parameter, quoted
from api.rest.functions import by_arguments
from api.rest.plan import Arguments, Shape
from api.rest.query import EVERYTHING
from api.rest.sql import refusals
from api.rest.sql.draft import ROOT, Draft, qualified, typed_row, whole
from api.rest.sql.reads import listing
from api.rest.sql.source import Source

_ROW = '"#row"'
# What the function said of its answer: the row below has an aggregate, so it is there before this is looked at.
_SAID = """
nullif(current_setting('response.status', true), '') AS response_status,
nullif(current_setting('response.headers', true), '') AS response_headers
"""
_VOLATILE = "v"


def call(draft: Draft, shape: Shape) -> str:
    """The answer of a call, and beside it what the function said of it in `response.status` and `response.headers`.

    Raises AppError for what the catalogue has not.
    """
    return f"SELECT answer.*, {_SAID} FROM ({_answer(draft, shape)}) AS answer"


def _answer(draft: Draft, shape: Shape) -> str:
    """The body is an array of what is answered: of values by a function of scalars, of objects by one of rows.

    It is empty text for a function that answers nothing, and an empty array for a row that is null altogether.
    """
    function = _meant(draft, shape)
    called = _called(draft, shape, function)
    if function.is_void:
        return f"SELECT '' AS body, count(*) AS rows FROM {called}"
    if function.is_scalar:
        shape = replace(shape, select=EVERYTHING)
    value = f"r.{quoted(function.name)}" if function.is_scalar else ""
    if _may_be_inlined(draft, shape, function):
        return listing(Source(draft, function.result, ROOT, is_result=True), called, shape, value=value)
    source = Source(draft, function.result, ROOT, row=f"{ROOT}.{_ROW}", is_result=True)
    answer = listing(source, f"called AS {ROOT}", shape, value=value)
    row = f", {typed_row(ROOT, function.result)} AS {_ROW}" if source.is_row_used else ""
    present = f" WHERE NOT ({whole(ROOT)} IS NULL)" if _is_row(draft, function) else ""
    return f"WITH called AS MATERIALIZED (SELECT {ROOT}.*{row} FROM {called}{present}) {answer}"


def _may_be_inlined(draft: Draft, shape: Shape, function: Function) -> bool:
    """Whether it may stand in the FROM itself: it must be run once, and a row must be seen to be null."""
    return not shape.is_counted and function.volatility != _VOLATILE and not _is_row(draft, function)


def _is_row(draft: Draft, function: Function) -> bool:
    """Whether it answers one row of a relation."""
    result = function.result
    return not function.is_set and draft.catalogue.relations.get((result.schema, result.name)) is result


def _called(draft: Draft, shape: Shape, function: Function) -> str:
    """The call as it stands in a FROM, and before it what its arguments are taken out of."""
    name = f"{ROOT}({quoted(function.name)})" if function.is_scalar else ROOT
    before, arguments = _given(draft, shape, function)
    return f"{before}{qualified(function)}({arguments}) AS {name}"


def _given(draft: Draft, shape: Shape, function: Function) -> tuple[str, str]:
    if shape.arguments is Arguments.WHOLE:
        return "", draft.following(function.parameters[0].type)
    parameters = {parameter.name: parameter for parameter in function.parameters}
    given = [parameters[name] for name in shape.columns]
    if shape.arguments is Arguments.SINGLY or not given:
        return "", ", ".join(_argument(each, draft.following(each.type)) for each in given)
    definitions = ", ".join(f"{quoted(each.name)} {each.type}" for each in given)
    before = f"json_to_record({draft.document()}) AS a({definitions}) CROSS JOIN LATERAL "
    return before, ", ".join(_argument(each, f"a.{quoted(each.name)}") for each in given)


def _argument(parameter: Parameter, value: str) -> str:
    return f"{'VARIADIC ' if parameter.is_variadic else ''}{quoted(parameter.name)} := {value}"


def _meant(draft: Draft, shape: Shape) -> Function:
    overloads = draft.catalogue.functions(shape.schema, shape.relation)
    if shape.arguments is Arguments.WHOLE:
        found = [each for each in overloads if _takes_whole(each, shape.columns)]
    else:
        found = by_arguments(overloads, frozenset(shape.columns))
    if not found:
        raise refusals.unknown_function(shape.schema, shape.relation)
    return found[0]


def _takes_whole(function: Function, types: tuple[str, ...]) -> bool:
    """Whether it has one parameter without a name, of the type that is given if one is."""
    if [parameter.name for parameter in function.parameters] != [""]:
        return False
    return types in {(), (function.parameters[0].type,)}
