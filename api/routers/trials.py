"""`/workflows/v1/validate` and `/dry-run`: what is wrong with a definition, and what it would do, without doing it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.deps import State, User
from api.executions.dry_runs import try_out
from api.executions.validation import config_of, report_on
from api.json_models import body_of, documented
from api.schemas.dry_runs import DryRunAnswer, DryRunRequest
from api.schemas.errors import refusals
from api.schemas.validation import ValidationAnswer

router = APIRouter(prefix="/workflows/v1", tags=["workflows"])

_EXAMPLE = {
    "config": {
        "do": [
            {"pet": {"call": "http", "with": {"method": "GET", "endpoint": "https://pets.example.com/{id}"}}},
            {"nap": {"wait": {"hours": 8}}},
            {"tell": {"set": {"message": '${ "Hello " + .name }'}}},
        ]
    },
    "input": {"id": 7},
    "mocks": {"/do/0/pet": {"output": {"name": "Rex"}}},
}

_WRONG = {"do": [{"greet": {"sett": {"message": "Hello"}}}]}
_DEFINITION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": 'A definition, or {"config": a definition or its text}'},
                "examples": {"definition": {"value": _WRONG}, "wrapped": {"value": {"config": _WRONG}}},
            },
            "application/yaml": {
                "schema": {"type": "string"},
                "example": "do:\n  - greet:\n      sett:\n        message: Hello\n",
            },
        },
    }
}


@router.post(
    "/validate",
    response_model=ValidationAnswer,
    openapi_extra=_DEFINITION,
    responses=refusals(400, 401, 403, 413, 429, 503),
    summary="Validate a definition",
)
async def validate(request: Request, state: State, user: User) -> Response:
    """Every fault of a definition at once, each with its place and its mend. Nothing is stored."""
    config = config_of(await request.body(), request.headers.get("content-type", ""))
    answer = await state.computing.run(user.user_id, lambda: report_on(config))
    return Response(answer, media_type="application/json")


@router.post(
    "/dry-run",
    response_model=DryRunAnswer,
    openapi_extra=documented(DryRunRequest, _EXAMPLE),
    responses=refusals(400, 401, 403, 404, 413, 429, 503),
    summary="Try a definition out",
)
async def dry_run(
    asked: Annotated[DryRunRequest, Depends(body_of(DryRunRequest))], state: State, user: User
) -> Response:
    """Run a definition in a simulation: calls answer as they are mocked, waits take no time, nothing has an effect."""
    answer = await try_out(state.database, state.computing, user, asked)
    return Response(answer, media_type="application/json")
