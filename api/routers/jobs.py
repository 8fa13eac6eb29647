"""`/workflows/v1/jobs`: one action for many executions, at a rate, and how far it has come."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import State, User
from api.executions import jobs
from api.json_models import body_of, documented
from api.schemas.errors import refusals
from api.schemas.jobs import Job, JobPage, JobRequest

router = APIRouter(prefix="/workflows/v1/jobs", tags=["workflows"], responses=refusals(400, 401, 403, 404, 409, 503))

_JSON = "application/json"
_EXAMPLE = {
    "action": "retry",
    "filter": {"status": ["failed"], "from": "2026-05-01T00:00:00Z"},
    "from": "failed",
    "version": "latest",
    "rate": 5,
}


@router.post(
    "",
    status_code=202,
    response_model=Job,
    openapi_extra=documented(JobRequest, _EXAMPLE),
    responses=refusals(413, 429),
    summary="Cancel, replay or retry many executions",
)
async def begin_job(asked: Annotated[JobRequest, Depends(body_of(JobRequest))], state: State, user: User) -> Response:
    """Begin a job over the caller's executions that were accepted before it and meet the filter, the oldest first."""
    job_id, row = await jobs.begin_job(state.database, state.temporal, user, asked)
    return Response(row, 202, {"Location": f"/workflows/v1/jobs/{job_id}"}, media_type=_JSON)


@router.get("", response_model=JobPage, summary="List jobs")
async def get_jobs(
    state: State,
    user: User,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[UUID | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """The caller's jobs, newest first."""
    return Response(await jobs.list_jobs(state.database, user, after, limit), media_type=_JSON)


@router.get("/{job_id}", response_model=Job, summary="Read a job")
async def get_job(job_id: UUID, state: State, user: User) -> Response:
    """How far a job has come."""
    return Response(await jobs.find_job(state.database, user, job_id), media_type=_JSON)


@router.post("/{job_id}/cancel", response_model=Job, summary="Cancel a job")
async def cancel_job(job_id: UUID, state: State, user: User) -> Response:
    """End a job. What it has done stays done."""
    return Response(await jobs.cancel_job(state.database, user, job_id), media_type=_JSON)


@router.post("/{job_id}/pause", response_model=Job, summary="Pause a job")
async def pause_job(job_id: UUID, state: State, user: User) -> Response:
    """Let a job rest after the step that is under way."""
    return Response(await jobs.pause_job(state.database, user, job_id), media_type=_JSON)


@router.post("/{job_id}/resume", response_model=Job, summary="Resume a job")
async def resume_job(job_id: UUID, state: State, user: User) -> Response:
    """Let a paused job go on where it was."""
    return Response(await jobs.resume_job(state.database, state.temporal, user, job_id), media_type=_JSON)
