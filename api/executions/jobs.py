"""Bulk jobs over executions: a row first, then a durable workflow that works through it."""

from typing import cast
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError

from api.json_models import as_model
from api.schemas.jobs import JobFilter, JobRequest
from workflows.starting import start_job
from zilliance.database import READING, Database
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError, RateLimitedError
from zilliance.identity import Identity

_NEWEST = 0  # as private.begin_retry has it


async def begin_job(database: Database, temporal: Client, caller: Identity, asked: JobRequest) -> tuple[UUID, bytes]:
    """Accept a job and start it. Raises InvalidInputError, RateLimitedError."""
    owner = cast("UUID", caller.user_id)
    wanted = as_model(JobFilter, asked.filter).model_dump_json(by_alias=True, exclude_none=True)
    if wanted == "{}":
        message = 'filter: say which executions, such as {"status": ["failed"]}'
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "filter"})
    if asked.point is not None and asked.action != "retry":
        message = "from: only a retry begins somewhere; a replay always begins at the trigger"
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "from"})
    point = (asked.point or "failed") if asked.action == "retry" else None
    row = await database.fetch_one(
        "SELECT * FROM private.accept_job($1, $2, $3, $4::jsonb, $5, $6, $7)",
        *(owner, caller.session_id, asked.action, wanted, asked.rate, point),
        _NEWEST if asked.version == "latest" else asked.version,
        reason="a job is begun in one statement that commits by itself, for a caller whose token was verified",
    )
    if row["outcome"] == "many_jobs":
        message = "Three jobs of yours have not ended: wait for one to end, or cancel it"
        raise RateLimitedError(message, code="TOO_MANY_JOBS", headers={"Retry-After": "10"})
    if row["outcome"] == "many_executions":
        message = "The filter means more than 100,000 executions: narrow it down, by from and to for example"
        raise InvalidInputError(message, code="TOO_MANY_EXECUTIONS", details={"field": "filter"})
    await _start(temporal, row["job_id"], owner)
    return row["job_id"], row["row_json"].encode()


async def find_job(database: Database, caller: Identity, job_id: UUID) -> bytes:
    """One job of the caller's. Raises NotFoundError."""
    async with database.transaction(caller, READING) as connection:
        text = await connection.fetchval("SELECT private.own_job($1)", job_id)
    if text is None:
        raise NotFoundError(f"There is no job {job_id}", code="JOB_NOT_FOUND")
    return text.encode()


async def list_jobs(database: Database, caller: Identity, after: UUID | None, limit: int) -> bytes:
    """A page of the caller's jobs."""
    async with database.transaction(caller, READING) as connection:
        text: str = await connection.fetchval("SELECT private.jobs_page($1, $2)", after, limit)
    return text.encode()


async def cancel_job(database: Database, caller: Identity, job_id: UUID) -> bytes:
    """End a job; what it has done stays done. Raises NotFoundError, ConflictError."""
    return await _turn(database, caller, job_id, ["running", "paused"], "cancelled")


async def pause_job(database: Database, caller: Identity, job_id: UUID) -> bytes:
    """Let a job rest. Raises NotFoundError, ConflictError."""
    return await _turn(database, caller, job_id, ["running"], "paused")


async def resume_job(database: Database, temporal: Client, caller: Identity, job_id: UUID) -> bytes:
    """Let a job go on. Raises NotFoundError, ConflictError."""
    row = await _turn(database, caller, job_id, ["paused"], "running")
    await _start(temporal, job_id, cast("UUID", caller.user_id))
    return row


async def _turn(database: Database, caller: Identity, job_id: UUID, sources: list[str], target: str) -> bytes:
    async with database.transaction(caller) as connection:
        text = await connection.fetchval("SELECT private.turn_job($1, $2, $3)", job_id, sources, target)
    if text is None:
        await find_job(database, caller, job_id)
        message = f"The job is not {' or '.join(sources)}: it cannot become {target}"
        raise ConflictError(message, code="JOB_STATUS_CONFLICT")
    return text.encode()


async def _start(temporal: Client, job_id: UUID, owner: UUID) -> None:
    """Start its workflow; should Temporal be away, the reconciler does."""
    try:
        await start_job(temporal, job_id, owner)
    except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
        return
