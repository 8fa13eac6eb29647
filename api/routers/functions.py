"""`/functions/v1`: the platform's functions, called by name as the official clients do."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from api.deps import State, User
from api.json_input import read_json
from api.schemas.errors import refusals
from api.services.executions import executions_of, read_request

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
                        "triggerData": {"description": "The input of the workflow, any JSON up to 1 MiB"},
                    },
                }
            }
        },
    }
}
_OUTCOMES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The execution has ended: its row"},
    **refusals(400, 401, 403, 404, 409, 413, 503),
    202: {"description": "The execution goes on: its row as it stands, and in `Location` where to look"},
}


@router.post("/execute-workflow", openapi_extra=_EXECUTE_BODY, responses=_OUTCOMES, summary="Run a workflow")
async def execute_workflow(
    request: Request,
    state: State,
    user: User,
    prefer: Annotated[str, Header(description="`respond-async` answers at once")] = "",
    idempotency_key: Annotated[str | None, Header(description="A repeat returns the first execution")] = None,
) -> Response:
    """Run a workflow of the caller's, and answer with its execution. Once it is answered, it will end."""
    workflow_id, trigger_data = read_request(await read_json(request))
    answer = await executions_of(state.settings, state.database, state.temporal).execute(
        user, workflow_id, trigger_data, key=idempotency_key, wait="respond-async" not in prefer.lower()
    )
    if answer.ended:
        return Response(answer.row, media_type="application/json")
    headers = {"Location": f"/workflows/v1/executions/{answer.execution_id}"}
    return Response(answer.row, 202, headers, media_type="application/json")
