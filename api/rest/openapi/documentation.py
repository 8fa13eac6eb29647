"""The operations of each table as OpenAPI shows them: typed rows, one query parameter a column, every answer."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Response
from pydantic import BaseModel

from api.rest.grammar.headers import OBJECT_TYPE
from api.schemas.security import CREDENTIALS
from models.registry import Shapes


class RestError(BaseModel):
    """What every refusal of the data API looks like."""

    error: str
    message: str
    code: str
    details: Any = None
    hint: str | None = None


_FILTER = (
    "A condition, e.g. `eq.value`. Operators: eq neq gt gte lt lte like ilike match imatch in is isdistinct cs cd ov "
    "sl sr nxl nxr adj fts plfts phfts wfts, each with `not.` before it if need be."
)
_PARAMETERS: dict[str, Any] = {
    "select": Annotated[
        str | None,
        Query(
            description="`*`, `alias:column->path::type`, `relation!hint!inner(columns)`, `amount.sum()`, with commas"
        ),
    ],
    "order": Annotated[str | None, Query(description="`column.desc.nullslast` with commas")],
    "limit": Annotated[int | None, Query(ge=0, description="At most so many rows")],
    "offset": Annotated[int | None, Query(ge=0, description="Rows to pass over")],
    "or": Annotated[str | None, Query(alias="or", description="`(a.eq.1,and(b.gt.2,c.is.null))`")],
    "and": Annotated[str | None, Query(alias="and", description="As `or`, all terms must hold")],
    "columns": Annotated[str | None, Query(description="What to take from the body; other keys are passed over")],
    "on_conflict": Annotated[str | None, Query(description="The columns by which an upsert tells rows apart")],
    "prefer": Annotated[
        str | None,
        Header(
            description="`return=representation|minimal|headers-only`, `count=exact|planned|estimated`,"
            " `resolution=merge-duplicates|ignore-duplicates`, `missing=default`, `handling=strict`, `max-affected=n`,"
            " `tx=rollback`, `timezone=name`"
        ),
    ],
    "range": Annotated[str | None, Header(description="`0-9`: the rows to answer")],
    "accept": Annotated[
        str | None, Header(description=f"`{OBJECT_TYPE}` answers one object instead of an array, `text/csv` CSV")
    ],
}
_FILTERED = ("select", "order", "or", "and", "prefer", "accept")
_PAGED = (*_FILTERED, "limit", "offset", "range")


@dataclass(frozen=True, slots=True)
class _Verb:
    """One thing that can be done to a table, and the refusals it has beside those that all have."""

    name: str
    method: str
    summary: str
    parameters: tuple[str, ...]
    refusals: tuple[int, ...]


_LIST = _Verb("list", "GET", "List rows", _PAGED, (406, 416))
_COUNT = _Verb("count", "HEAD", "Count rows", _PAGED, (406, 416))
_INSERT_PARAMETERS = ("select", "columns", "on_conflict", "prefer", "accept")
_INSERT = _Verb("insert", "POST", "Insert rows", _INSERT_PARAMETERS, (406, 409, 413))
_UPDATE = _Verb("update", "PATCH", "Update rows", _FILTERED, (406, 409, 413))
_DELETE = _Verb("delete", "DELETE", "Delete rows", _FILTERED, (406, 409))

_MEANINGS = {
    400: "A value, column or parameter that cannot be",
    401: "No key, or one that is not valid; or sign in first",
    403: "The caller may not do this",
    404: "No such table",
    406: "One object was asked for and there is not exactly one",
    409: "The row is there already, or what it refers to is not",
    413: "The body is too large",
    416: "The range begins behind the last row",
}

_Operation = tuple[_Verb, dict[str, Any], dict[int, Any]]


def document(router: APIRouter, tables: Mapping[str, Shapes]) -> None:
    """Add every table's operations to the router, for OpenAPI alone: `DataApi` answers the requests."""
    for table, shapes in tables.items():
        for verb, parameters, answers in _operations(shapes):
            name = f"{verb.name}_{table}"
            refusals = {
                status: {"model": RestError, "description": _MEANINGS[status]}
                for status in sorted({400, 401, 403, 404, *verb.refusals})
            }
            parameters |= {each: _PARAMETERS[each] for each in verb.parameters}
            router.add_api_route(
                f"/rest/v1/{table}",
                _signed(name, parameters),
                methods=[verb.method],
                operation_id=name,
                summary=verb.summary,
                tags=[table],
                status_code=next(iter(answers)),
                responses={**_described(answers), **refusals},
                dependencies=CREDENTIALS,
            )


def _operations(shapes: Shapes) -> list[_Operation]:
    """Verbs with their own parameters and the rows of their answers by status, the usual one first."""
    filters = {name: Annotated[str | None, Query(description=_FILTER)] for name in shapes.public.model_fields}
    rows: Any = list[shapes.public]
    operations: list[_Operation] = [(_LIST, {**filters}, {200: rows, 206: rows}), (_COUNT, {**filters}, {200: None})]
    if shapes.create is not None:
        body = Annotated[shapes.create | list[shapes.create], Body()]
        operations.append((_INSERT, {"body": body}, {201: rows, 200: rows}))
    if shapes.update is not None:
        operations.append((_UPDATE, {"body": Annotated[shapes.update, Body()], **filters}, {200: rows, 204: None}))
    if shapes.create is not None and shapes.is_deletable:
        operations.append((_DELETE, {**filters}, {200: rows, 204: None}))
    return operations


def _described(answers: Mapping[int, Any]) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": model} if model else {"description": "Done"} for status, model in answers.items()}


def _signed(name: str, parameters: Mapping[str, Any]) -> Callable[..., Response]:
    """A function that has these parameters, for FastAPI to read. It is never called."""

    def endpoint(**_: object) -> Response:
        return Response(status_code=500)

    kind = inspect.Parameter.KEYWORD_ONLY
    # `or` and `and` are no names of Python: the alias carries them, the parameter is called otherwise.
    names = {"or": "any_of", "and": "all_of"}
    signature = [
        inspect.Parameter(
            names.get(each, each),
            kind,
            annotation=annotation,
            default=inspect.Parameter.empty if each == "body" else None,
        )
        for each, annotation in parameters.items()
    ]
    endpoint.__name__ = name
    endpoint.__signature__ = inspect.Signature(signature, return_annotation=Response)  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint
