"""`/workflows/v1/definitions/{id}/schedule`: when a definition runs by itself, and what may be done about it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from api.deps import State, User
from api.executions.executions import executions_of
from api.executions.schedules import Schedules
from api.json_input import read_json
from api.json_models import as_model, body_of, documented
from api.schemas.errors import refusals
from api.schemas.schedules import BackfillAnswer, BackfillRequest, PauseRequest, ScheduleAnswer
from api.state import AppState
from models.workflow_executions import WorkflowExecutionPublic

router = APIRouter(
    prefix="/workflows/v1/definitions/{definition_id}/schedule",
    tags=["workflows"],
    responses=refusals(400, 401, 403, 404, 409, 413, 503),
)

_RANGE: dict[str, Any] = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-31T23:59:59Z"}


def _schedules(state: AppState) -> Schedules:
    return Schedules(state.database, state.temporal)


@router.get("", summary="Read a schedule")
async def get_schedule(definition_id: UUID, state: State, user: User) -> ScheduleAnswer:
    """When the definition runs next, and how its schedule is kept."""
    return await _schedules(state).read(user, definition_id)


@router.post("/pause", openapi_extra=documented(PauseRequest), summary="Pause a schedule")
async def pause_schedule(definition_id: UUID, request: Request, state: State, user: User) -> ScheduleAnswer:
    """No more runs are begun until it is resumed; those under way go on."""
    body = as_model(PauseRequest, await read_json(request) if await request.body() else {})
    return await _schedules(state).pause(user, definition_id, is_paused=True, note=body.note)


@router.post("/resume", summary="Resume a schedule")
async def resume_schedule(definition_id: UUID, state: State, user: User) -> ScheduleAnswer:
    """Moments that passed meanwhile are not made up for: a backfill does that."""
    return await _schedules(state).pause(user, definition_id, is_paused=False, note=None)


@router.post(
    "/backfill",
    status_code=202,
    openapi_extra=documented(BackfillRequest, _RANGE),
    summary="Run the past",
)
async def backfill_schedule(
    definition_id: UUID,
    state: State,
    user: User,
    past: Annotated[BackfillRequest, Depends(body_of(BackfillRequest))],
) -> BackfillAnswer:
    """Each moment of the range that has not run yet is run, one after the other unless `overlap` says otherwise."""
    return await _schedules(state).backfill(user, definition_id, past)


@router.post("/trigger", status_code=202, response_model=WorkflowExecutionPublic, summary="Run a schedule now")
async def trigger_schedule(definition_id: UUID, state: State, user: User) -> Response:
    """Begin a run as the schedule would, beside whatever is under way."""
    asked = await _schedules(state).now(user, definition_id)
    answer = await executions_of(state).execute(user, asked, wait=False)
    headers = {"Location": f"/workflows/v1/executions/{answer.execution_id}"}
    return Response(answer.row, 202, headers, media_type="application/json")
