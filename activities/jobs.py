"""Bulk jobs: a few executions at a step, each dealt with once, and how far it has come in the job's row."""

import asyncio
import json
import math
from dataclasses import dataclass, field
from uuid import UUID

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.heartbeat import heartbeating
from activities.starts import ExecutionStarts
from workflows.contracts.jobs import BulkJobStep
from workflows.names import execution_workflow_id
from workflows.stubs import JobActivities
from zilliance.database import Database
from zilliance.enums import ExecutionStatus

BATCH = 50
SHORTEST_PAUSE = 1.0  # of Temporal's timers
FULL_PAUSE = 5.0
TRIES = 4
TRY_PAUSE = 0.3
# What may be open of one account while a job begins more: a job waits and leaves room for its owner's own runs.
MOST_OPEN = 1_000

_REASON = "a job deals with its owner's executions, whom its row names"
_DONE = ("created", "queued", "known")
_SKIPPED = ("execution_missing", "execution_open", "nothing_failed", "task_missing", "retry_open", "many_retries")
_OPEN = (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)


@dataclass(slots=True)
class _Tally:
    """What came of the items of one step."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    errors: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def add(self, execution_id: UUID, outcome: str) -> None:
        if outcome in _DONE:
            self.done += 1
        elif outcome in _SKIPPED:
            self.skipped += 1
        else:
            self.failed += 1
            self.errors.append({"execution_id": str(execution_id), "code": outcome.upper()})


@dataclass(frozen=True, slots=True)
class _Job:
    """A job as its row says."""

    id: UUID
    owner_id: UUID
    action: str
    point: str | None
    version: int | None
    rate: float
    status: str
    cursor_id: UUID | None


class SqlJobActivities(JobActivities):
    """Jobs on PostgreSQL and Temporal."""

    def __init__(self, database: Database, client: Client, starts: ExecutionStarts) -> None:
        self._database = database
        self._client = client
        self._starts = starts

    @activity.defn(name="job.step")
    async def step(self, job_id: UUID) -> BulkJobStep:
        async with heartbeating():
            job = await self._job(job_id)
            if job is None or job.status != "running":
                return BulkJobStep(open=False)
            if job.action != "cancel" and await self._is_full(job):
                return BulkJobStep(open=True, pause=FULL_PAUSE)
            size = min(BATCH, max(1, math.ceil(job.rate)))
            items = await self._items(job, size)
            tally = _Tally()
            for execution_id, status in items:
                tally.add(execution_id, await self._deal(job, execution_id, status))
            await self._advance(job, items[-1][0] if items else None, tally)
            if job.action != "cancel" and tally.done:
                await self._starts.start_due()
        return BulkJobStep(open=bool(items), pause=max(SHORTEST_PAUSE, len(items) / job.rate))

    async def _job(self, job_id: UUID) -> _Job | None:
        async with self._database.service(reason=_REASON) as connection:
            row = await connection.fetchrow("SELECT * FROM private.job_state($1)", job_id)
        return None if row is None else _Job(id=job_id, **dict(row))

    async def _is_full(self, job: _Job) -> bool:
        number = await self._database.call(
            "SELECT private.open_runs($1, $2)", job.owner_id, MOST_OPEN, reason="counts what the job's owner has open"
        )
        return int(str(number)) >= MOST_OPEN

    async def _items(self, job: _Job, size: int) -> list[tuple[UUID, str]]:
        async with self._database.service(reason=_REASON) as connection:
            rows = await connection.fetch("SELECT * FROM private.job_items($1, $2)", job.id, size)
        return [(row["id"], row["status"]) for row in rows]

    async def _deal(self, job: _Job, execution_id: UUID, status: str) -> str:
        if job.action == "cancel":
            return await self._cancel(job, execution_id) if status in _OPEN else "execution_missing"
        outcome = await self._database.call(
            "SELECT outcome FROM private.begin_retry($1, $2, $3, $4, NULL, $5, $6, $7, 0, '0')",
            *(job.owner_id, execution_id, job.action, job.point or "trigger", job.version),
            *(f"job:{job.id}/{execution_id}", str(job.id)),
            reason=_REASON,
        )
        return str(outcome)

    async def _cancel(self, job: _Job, execution_id: UUID) -> str:
        """Tell Temporal; or end it where it still queues. Its start may be under way, which is a matter of moments."""
        handle = self._client.get_workflow_handle(execution_workflow_id(execution_id))
        for _ in range(TRIES):
            try:
                await handle.cancel()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            else:
                return "known"
            queued = await self._database.call(
                "SELECT private.cancel_queued_of($1, $2)", job.owner_id, execution_id, reason=_REASON
            )
            if queued:
                return "known"
            await asyncio.sleep(TRY_PAUSE)
        return "not_started"

    async def _advance(self, job: _Job, last: UUID | None, tally: _Tally) -> None:
        await self._database.call(
            "SELECT private.advance_job($1, $2, $3, $4, $5, $6, $7::jsonb)",
            *(job.id, job.cursor_id, last, tally.done, tally.failed, tally.skipped, json.dumps(tally.errors)),
            reason=_REASON,
        )
