"""`/workflows/v1/executions`: an execution as it stands, and its cancellation."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import State, User
from api.schemas.errors import refusals
from api.services.executions import executions_of

router = APIRouter(
    prefix="/workflows/v1/executions", tags=["workflows"], responses=refusals(400, 401, 403, 404, 409, 503)
)


@router.get("/{execution_id}", summary="Read an execution")
async def get_execution(execution_id: UUID, state: State, user: User) -> Response:
    """The row of one execution of the caller's: status, result, error and the log of its tasks."""
    answer = await executions_of(state.settings, state.database, state.temporal).find(user, execution_id)
    return Response(answer.row, media_type="application/json")


@router.post("/{execution_id}/cancel", status_code=202, summary="Cancel an execution")
async def cancel_execution(execution_id: UUID, state: State, user: User) -> Response:
    """Ask a running execution to end. What it has done is rolled back first; its row then says `cancelled`."""
    answer = await executions_of(state.settings, state.database, state.temporal).cancel(user, execution_id)
    return Response(answer.row, 202, media_type="application/json")
