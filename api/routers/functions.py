"""`/functions/v1`: the platform's functions, called by name as the official clients do."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Request, Response

from api import direct
from api.deps import State, User, state_of, user_of
from api.executions.accepting import read_request
from api.executions.executions import executions_of
from api.json_input import read_json
from api.schemas.errors import refusals

_EXECUTE = "/execute-workflow"

router = APIRouter(prefix="/functions/v1", tags=["functions"])

_EXECUTE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["workflowId"],
                    "properties": {
                        "workflowId": {"type": "string", "format": "uuid"},
                        "version": {"type": "integer", "minimum": 1, "description": "Left out: the current version"},
                        "triggerData": {"description": "The input of the workflow, any JSON up to 1 MiB"},
                    },
                }
            }
        },
    }
}
_OUTCOMES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The execution has ended: its row"},
    **refusals(400, 401, 403, 404, 409, 413, 429, 503),
    202: {"description": "The execution goes on: its row as it stands, and in `Location` where to look"},
}


@router.post(_EXECUTE, openapi_extra=_EXECUTE_BODY, responses=_OUTCOMES, summary="Run a workflow")
async def execute_workflow(
    request: Request,
    state: State,
    user: User,
    prefer: Annotated[str, Header(description="`respond-async` answers at once")] = "",
    idempotency_key: Annotated[str | None, Header(description="A repeat returns the first execution")] = None,
) -> Response:
    """Run a workflow of the caller's, and answer with its execution. Once it is answered, it will end."""
    asked = replace(read_request(await read_json(request)), key=idempotency_key)
    answer = await executions_of(state).execute(user, asked, wait="respond-async" not in prefer.lower())
    if answer.ended:
        return Response(answer.row, media_type="application/json")
    headers = {"Location": f"/workflows/v1/executions/{answer.execution_id}"}
    return Response(answer.row, 202, headers, media_type="application/json")


async def _execute_directly(request: Request) -> Response:
    prefer, key = ", ".join(request.headers.getlist("prefer")), request.headers.get("idempotency-key")
    return await execute_workflow(request, state_of(request), user_of(request), prefer, key)


def install(app: FastAPI) -> None:
    """Let the busiest of them be called directly."""
    direct.install(app, "POST", router.prefix + _EXECUTE, _execute_directly)
