"""The table functions of workflows as statements: each calls one function of models/sql/functions/effects.sql."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from workflows.contracts.execution import FunctionCallInput
from workflows.json_text import storable

Statement = tuple[str, tuple[object, ...]]


def _split(value: object) -> object:
    """Columns may come as a list or as text with commas."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Columns = Annotated[list[str], BeforeValidator(_split)]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    table: str


class CreateRow(_Arguments):
    """`create-row`."""

    values: dict[str, JsonValue]
    rollback: str = "auto"

    def statement(self, call: FunctionCallInput) -> Statement:
        return (
            "SELECT private.effect_create_row($1, $2, $3, $4, $5::jsonb)::text",
            (call.execution_id, call.key, call.owner_id, self.table, _text(self.values)),
        )


class UpdateRow(CreateRow):
    """`update-row`."""

    id: UUID
    expect_version: AwareDatetime | None = Field(default=None, alias="expectVersion")

    def statement(self, call: FunctionCallInput) -> Statement:
        return (
            "SELECT private.effect_update_row($1, $2, $3, $4, $5, $6::jsonb, $7)::text",
            (call.execution_id, call.key, call.owner_id, self.table, self.id, _text(self.values), self.expect_version),
        )


class DeleteRow(_Arguments):
    """`delete-row`."""

    id: UUID
    rollback: str = "auto"
    expect_version: AwareDatetime | None = Field(default=None, alias="expectVersion")

    def statement(self, call: FunctionCallInput) -> Statement:
        return (
            "SELECT private.effect_delete_row($1, $2, $3, $4, $5, $6)::text",
            (call.execution_id, call.key, call.owner_id, self.table, self.id, self.expect_version),
        )


class GetRow(_Arguments):
    """`get-row`."""

    id: UUID
    select: Columns | None = None

    def statement(self, call: FunctionCallInput) -> Statement:
        return (
            "SELECT private.effect_get_row($1, $2, $3, $4)::text",
            (call.owner_id, self.table, self.id, self.select),
        )


class QueryRows(_Arguments):
    """`query-rows`. A filter's bare value means equality, a list means one of it."""

    filter: dict[str, JsonValue] = {}
    select: Columns | None = None
    order: Columns = []
    limit: Annotated[int, Field(ge=1, le=1000)] = 100

    def statement(self, call: FunctionCallInput) -> Statement:
        conditions = {column: _condition(value) for column, value in self.filter.items()}
        columns = [column.removesuffix(".asc").removesuffix(".desc") for column in self.order]
        falling = [column.endswith(".desc") for column in self.order]
        return (
            "SELECT private.effect_query_rows($1, $2, $3::jsonb, $4, $5, $6, $7)::text",
            (call.owner_id, self.table, _text(conditions), self.select, columns, falling, self.limit),
        )


_FUNCTIONS: Mapping[str, Callable[[object], CreateRow | DeleteRow | GetRow | QueryRows]] = {
    "create-row": CreateRow.model_validate,
    "update-row": UpdateRow.model_validate,
    "delete-row": DeleteRow.model_validate,
    "get-row": GetRow.model_validate,
    "query-rows": QueryRows.model_validate,
}


class ArgumentsError(Exception):
    """What a task gave its function is not what the function takes; the message names the argument."""


def statement_of(call: FunctionCallInput) -> Statement:
    """The one statement that a call is. Raises ArgumentsError."""
    read = _FUNCTIONS.get(call.name)
    if read is None:
        raise ArgumentsError(f"there is no function {call.name!r} on this server")
    try:
        return read(json.loads(call.arguments)).statement(call)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ArgumentsError(f"{call.name}: with.{where}: {first['msg']}") from error


def _condition(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return value
    return {"in": value} if isinstance(value, list) else {"eq": value}


def _text(value: object) -> str:
    return storable(json.dumps(value))
