"""Bodies that are JSON objects of a known shape: read, refused with their fault, and documented."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from fastapi import Request
from pydantic import BaseModel, ValidationError

from api.json_input import read_json
from zilliance.errors import InvalidInputError

Body = TypeVar("Body", bound=BaseModel)


def body_of(model: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    """A dependency that reads the body as `model`. Raises InvalidInputError, which names the field."""

    async def read(request: Request) -> Body:
        return as_model(model, await read_json(request))

    return read


def as_model(model: type[Body], value: object) -> Body:
    """JSON as `model`. Raises InvalidInputError with every fault, each with its field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [
            {"field": ".".join(str(part) for part in each["loc"]) or "body", "message": each["msg"]} for each in faults
        ]
        first = problems[0]
        message = f"{first['field']}: {first['message']}"
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"problems": problems}) from error


def documented(model: type[BaseModel], *examples: dict[str, Any]) -> dict[str, Any]:
    """What `body_of` reads, for OpenAPI. Models that it holds stand where they are held: there is no other place."""
    described = model.model_json_schema()
    schema = _inlined(described, described.pop("$defs", {})) | ({"examples": list(examples)} if examples else {})
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inlined(schema: Any, models: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, models) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast("dict[str, Any]", schema)
    held = members.get("$ref", "").removeprefix("#/$defs/")
    rest = {name: _inlined(each, models) for name, each in members.items() if name != "$ref"}
    return rest if not held else {**_inlined(models[held], models), **rest}
