"""The OpenAPI document of the data API: our documented tables, and beside them what the live catalogue has."""

from collections.abc import Iterable
from typing import Any

from api.rest.catalogue import Catalogue, Column, Function, Relation

_PREFIX = "/rest/v1/"
_INTEGER: dict[str, Any] = {"type": "integer"}
_NUMBER: dict[str, Any] = {"type": "number"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_TYPES: dict[str, dict[str, Any]] = {
    "int2": _INTEGER,
    "int4": _INTEGER,
    "int8": _INTEGER,
    "float4": _NUMBER,
    "float8": _NUMBER,
    "numeric": _NUMBER,
    "bool": {"type": "boolean"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "timestamp": _MOMENT,
    "timestamptz": _MOMENT,
    "json": {},
    "jsonb": {},
}
_TEXT: dict[str, Any] = {"type": "string"}
_READ_PARAMETERS = {
    "select": "Columns and embedded relations, with commas",
    "order": "`column.desc.nullslast`, with commas",
    "limit": "At most so many rows",
    "offset": "Rows to pass over",
    "or": "`(a.eq.1,and(b.gt.2,c.is.null))`",
}


def with_catalogue(base: dict[str, Any], catalogue: Catalogue, schema: str, role: str) -> dict[str, Any]:
    """`base` with a path for each relation of a schema that a role may read, and each function it may call.

    Paths that `base` has are left as they are.
    """
    paths: dict[str, Any] = {}
    for (where, name), relation in sorted(catalogue.relations.items()):
        if where == schema and any(role in column.readers for column in relation.columns.values()):
            paths[_PREFIX + name] = _relation_path(relation, role)
    for (where, name), overloads in sorted(catalogue.overloads.items()):
        callable_ = [function for function in overloads if role in function.executors]
        if where == schema and callable_:
            paths[f"{_PREFIX}rpc/{name}"] = _function_path(callable_)
    return {**base, "paths": {**paths, **base["paths"]}}


def _relation_path(relation: Relation, role: str) -> dict[str, Any]:
    columns = relation.readable_by(role)
    row = _row(columns)
    rows = {"200": _answer({"type": "array", "items": row})}
    filters = [_parameter(column.name, "A condition, such as `eq.value`") for column in columns]
    paging = [_parameter(name, text) for name, text in _READ_PARAMETERS.items()]
    body = {"content": {"application/json": {"schema": {"oneOf": [row, {"type": "array", "items": row}]}}}}
    return {
        "get": _operation(relation, "Read rows", rows, parameters=[*filters, *paging]),
        "post": _operation(relation, "Insert rows", {"201": _DONE}, requestBody=body),
        "patch": _operation(relation, "Update rows", {"204": _DONE}, parameters=filters, requestBody=body),
        "delete": _operation(relation, "Delete rows", {"204": _DONE}, parameters=filters),
    }


def _function_path(overloads: list[Function]) -> dict[str, Any]:
    arguments = {"oneOf": [_arguments(function) for function in overloads]}
    body = {"content": {"application/json": {"schema": arguments}}}
    answers = {"200": _DONE}
    first = overloads[0]
    path = {"post": _operation(first, "Call the function", answers, requestBody=body)}
    if first.volatility != "v":
        names = dict.fromkeys(parameter.name for function in overloads for parameter in function.parameters)
        parameters = [_parameter(name, "An argument") for name in names if name]
        path["get"] = _operation(first, "Call the function", answers, parameters=parameters)
    return path


_DONE: dict[str, Any] = {"description": "Done"}


def _operation(entry: Relation | Function, summary: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    described = {"description": entry.comment} if entry.comment else {}
    return {"tags": [entry.name], "summary": summary, **described, "responses": responses, **more}


def _answer(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "The rows", "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": _TEXT}


def _row(columns: Iterable[Column]) -> dict[str, Any]:
    return {"type": "object", "properties": {column.name: _type(column.type) for column in columns}}


def _arguments(function: Function) -> dict[str, Any]:
    named = [parameter for parameter in function.parameters if parameter.name]
    return {
        "type": "object",
        "properties": {parameter.name: _type(parameter.type) for parameter in named},
        "required": [parameter.name for parameter in named if parameter.is_required],
    }


def _type(type_: str) -> dict[str, Any]:
    """What a type of PostgreSQL is in JSON; those that it does not know are texts."""
    name = type_.rpartition('"."')[2].rstrip('"')
    if type_.startswith('"pg_catalog"."_'):
        return {"type": "array", "items": _TYPES.get(name[1:], _TEXT)}
    return _TYPES.get(name, _TEXT) if type_.startswith('"pg_catalog".') else _TEXT
