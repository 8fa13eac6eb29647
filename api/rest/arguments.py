"""What a call of a function gives it, and so which of those with the name is meant."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from api.json_input import decode
from api.rest import failures, functions
from api.rest.bodies import BodyType, bound_columns, form_fields, text_of
from api.rest.catalogue import Catalogue, Function
from api.rest.grammar import parser
from api.rest.grammar.filters import array_literal
from api.rest.plan import Arguments
from api.rest.requests import Call, Parsed

READING = frozenset({"GET", "HEAD"})
_CONDITION = re.compile(r"(?:not\.)?[a-z]+(?:\([a-z]+\))?\.")
_RESERVED = parser.RESERVED | {"and", "or", "not.and", "not.or"}


@dataclass(frozen=True, slots=True)
class Meant:
    """The function that is called, and what it is given: texts singly in the order of `names`, or one document."""

    function: Function
    arguments: Arguments
    names: tuple[str, ...]
    values: tuple[str, ...]


def argument_names(call: Call, catalogue: Catalogue, schema: str) -> frozenset[str]:
    """What of a URL are arguments: the names of parameters, and what can be nothing else."""
    if call.method not in READING:
        return frozenset()
    overloads = catalogue.functions(schema, call.name)
    known = {parameter.name for function in overloads for parameter in function.parameters}
    others = {
        name
        for name, value in parser.parameters(call.query)
        if name not in _RESERVED and "." not in name and "->" not in name and not _CONDITION.match(value)
    }
    return frozenset(known | others)


def by_url(parsed: Parsed) -> Meant:
    """The function that a GET means. Raises AppError for none, and for several."""
    given: dict[str, list[str]] = {}
    for name, value in parsed.target.arguments:
        given.setdefault(name, []).append(value)
    return _singly(parsed, given, None)


def by_body(parsed: Parsed) -> Meant:
    """The function that a POST means. Raises AppError for none, and for several."""
    call, kind = parsed.call, parsed.call.body_type
    if kind is BodyType.FORM:
        fields: dict[str, list[str]] = {}
        for name, value in form_fields(call.body):
            fields.setdefault(name, []).append(value)
        return _singly(parsed, fields, kind)
    if kind is BodyType.CSV:
        raise failures.unreadable(kind.value)
    overloads = parsed.statements.catalogue.functions(parsed.schema, call.name)
    if kind is not BodyType.JSON:
        function = _chosen(parsed, functions.by_body(overloads, kind), (), kind)
        whole = f"\\x{call.body.hex()}" if kind is BodyType.BYTES else text_of(call.body)
        return Meant(function, Arguments.WHOLE, (function.parameters[0].type,), (whole,))
    value, text = _document(call.body)
    names = _names(value, parsed.target.columns)
    found = functions.by_arguments(overloads, names)
    if found:
        document = () if not names else (text,)
        return Meant(functions.the_only(found), Arguments.DOCUMENT, tuple(sorted(names)), document)
    function = _chosen(parsed, functions.by_body(overloads, kind), names, kind)
    return Meant(function, Arguments.WHOLE, (function.parameters[0].type,), (text,))


def _document(body: bytes) -> tuple[Any, str]:
    """No body is no arguments."""
    if not body:
        return {}, "{}"
    return decode(body), body.decode()


def _names(value: Any, columns: tuple[str, ...] | None) -> frozenset[str]:
    if columns is not None:
        return frozenset(columns)
    if not isinstance(value, dict):
        return frozenset(("",))
    names = cast("dict[str, Any]", value)
    bound_columns(names)
    return frozenset(names)


def _singly(parsed: Parsed, given: Mapping[str, list[str]], kind: BodyType | None) -> Meant:
    """Of several values with one name a variadic parameter takes all, another the last."""
    overloads = parsed.statements.catalogue.functions(parsed.schema, parsed.call.name)
    names = tuple(sorted(given))
    function = _chosen(parsed, functions.by_arguments(overloads, frozenset(given)), names, kind)
    variadic = {parameter.name for parameter in function.parameters if parameter.is_variadic}
    values = tuple(array_literal(given[name]) if name in variadic else given[name][-1] for name in names)
    return Meant(function, Arguments.SINGLY, names, values)


def _chosen(parsed: Parsed, found: list[Function], names: Iterable[str], kind: BodyType | None) -> Function:
    if not found:
        raise functions.missing(parsed.statements.catalogue, parsed.schema, parsed.call.name, names, kind)
    return functions.the_only(found)
