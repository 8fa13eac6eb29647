"""`/workflows/v1/executions`: lists, an execution as it stands, the log of its tasks, and its cancellation."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import JsonValue

from api import event_streams
from api.deps import State, User
from api.executions.executions import executions_of
from api.executions.lists import list_executions
from api.executions.retries import AskedRetry
from api.executions.running_tasks import read_execution, read_tasks
from api.executions.suspension import resume, suspend
from api.executions.task_events import TaskEvents
from api.executions.task_outputs import task_output
from api.json_models import body_of, documented
from api.schemas.errors import refusals
from api.schemas.executions import ExecutionPage, ExecutionQuery, TaskPage
from api.schemas.retries import RetryRequest
from models.workflow_executions import WorkflowExecutionPublic

router = APIRouter(
    prefix="/workflows/v1/executions", tags=["workflows"], responses=refusals(400, 401, 403, 404, 409, 503)
)

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `began`, `ended` and `undone`, whose data is an entry of the task log with its `index`,"
        " and `end` as the last, whose data is the execution without them",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "`Last-Event-ID` is the end: nothing will follow"},
}


@router.get("", response_model=ExecutionPage, summary="List executions")
async def get_executions(query: Annotated[ExecutionQuery, Query()], state: State, user: User) -> Response:
    """The caller's executions, newest first."""
    return Response(await list_executions(state.database, user, query), media_type="application/json")


@router.get("/{execution_id}/tasks", response_model=TaskPage, summary="Read an execution's task log")
async def get_tasks(execution_id: UUID, state: State, user: User) -> Response:
    """What each task was given and gave, in order of their start; of an open execution, as far as it has come."""
    return Response(await read_tasks(executions_of(state), user, execution_id), media_type="application/json")


@router.get("/{execution_id}/tasks/{index}/output", response_model=JsonValue, summary="Read a task's whole output")
async def get_task_output(
    execution_id: UUID, index: Annotated[int, Path(ge=0, le=1_000_000)], state: State, user: User
) -> Response:
    """What the task at this place of the log gave, also where the log has only its size."""
    output = await task_output(executions_of(state), state.store, user, execution_id, index)
    return Response(output, media_type="application/json")


@router.get(
    "/{execution_id}/events",
    responses=_EVENTS | refusals(429),
    response_class=StreamingResponse,
    summary="Follow an execution",
)
async def follow(
    execution_id: UUID,
    state: State,
    user: User,
    last_event_id: Annotated[str, Header(description="The id of the last event that was received")] = "",
) -> Response:
    """Server-sent events of the task log while the execution runs, up to its end.

    A connection that breaks is taken up again with `Last-Event-ID`, at whichever process answers.
    """
    events = TaskEvents(executions_of(state), state.streams, user, execution_id).events(last_event_id)
    return await event_streams.answer(events)


@router.get("/{execution_id}", response_model=WorkflowExecutionPublic, summary="Read an execution")
async def get_execution(execution_id: UUID, state: State, user: User) -> Response:
    """One execution of the caller's: status, result, error and the log of its tasks, as far as it has come."""
    row = await read_execution(executions_of(state), user, execution_id)
    return Response(row, media_type="application/json")


@router.post(
    "/{execution_id}/suspend", status_code=202, response_model=WorkflowExecutionPublic, summary="Suspend an execution"
)
async def suspend_execution(execution_id: UUID, state: State, user: User) -> Response:
    """Let what runs end and begin nothing new, until it is resumed. Timeouts go on counting. Again is no error."""
    answer = await suspend(executions_of(state), user, execution_id)
    return Response(answer.row, 202, media_type="application/json")


@router.post(
    "/{execution_id}/resume", status_code=202, response_model=WorkflowExecutionPublic, summary="Resume an execution"
)
async def resume_execution(execution_id: UUID, state: State, user: User) -> Response:
    """Go on where it was suspended. One that was not suspended is no error."""
    answer = await resume(executions_of(state), user, execution_id)
    return Response(answer.row, 202, media_type="application/json")


@router.post(
    "/{execution_id}/retry",
    status_code=202,
    response_model=WorkflowExecutionPublic,
    openapi_extra=documented(RetryRequest, {"from": "failed", "version": "latest"}),
    responses=refusals(413, 429),
    summary="Retry an execution",
)
async def retry_execution(
    execution_id: UUID,
    asked: Annotated[RetryRequest, Depends(body_of(RetryRequest))],
    state: State,
    user: User,
    idempotency_key: Annotated[str | None, Header(description="A repeat returns the first retry")] = None,
) -> Response:
    """Run an ended execution's input again, without doing again what it completed before a point and did not undo."""
    wanted = AskedRetry(execution_id, asked.point, asked.iteration, asked.version, idempotency_key)
    answer = await executions_of(state).retry(user, wanted)
    headers = {"Location": f"/workflows/v1/executions/{answer.execution_id}"}
    return Response(answer.row, 202, headers, media_type="application/json")


@router.post(
    "/{execution_id}/cancel", status_code=202, response_model=WorkflowExecutionPublic, summary="Cancel an execution"
)
async def cancel_execution(execution_id: UUID, state: State, user: User) -> Response:
    """Ask a running execution to end. What it has done is rolled back first; its row then says `cancelled`."""
    answer = await executions_of(state).cancel(user, execution_id)
    return Response(answer.row, 202, media_type="application/json")
