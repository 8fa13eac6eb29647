"""Runs of videos and their workflows: starts what was accepted and not started, and makes both agree in the end."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts.execution import ReconcileResult
from workflows.contracts.video import ProcessVideoInput
from workflows.names import video_workflow_id
from workflows.stubs import VideoUpkeepActivities
from workflows.video_starting import start_video, video_run_of
from zilliance.database import Database, Record
from zilliance.storage import object_key

AGAIN_AFTER = timedelta(seconds=10)  # should this process die with what it took
SETTLED_AFTER = timedelta(seconds=10)  # a younger row is most likely between its commit and its start
PAGE = 100
AT_ONCE = 16

_RUNNING = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
_REASONS: Mapping[WorkflowExecutionStatus | None, str] = {
    None: "Temporal no longer knows it",
    WorkflowExecutionStatus.TERMINATED: "it was terminated on Temporal",
    WorkflowExecutionStatus.TIMED_OUT: "it took longer than it may",
}
_UNWRITTEN = "it ended without writing its row"


class VideoStarts:
    """Runs whose start is due."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def start_due(self, limit: int = PAGE) -> int:
        """Start up to `limit`; how many were taken. Those that Temporal does not take now are due again soon.

        Raises UnavailableError when PostgreSQL cannot be reached.
        """
        rows = await self._database.fetch(
            "SELECT * FROM private.claim_video_starts($1, $2)",
            AGAIN_AFTER,
            limit,
            reason="starts what everybody's callers were promised",
        )
        slots = asyncio.Semaphore(AT_ONCE)
        started = await asyncio.gather(*(self._start(run_of(row), slots) for row in rows))
        if known := [each for each in started if each is not None]:
            await self._database.call(
                "SELECT private.forget_video_starts($1)", known, reason="what waits to be started is the platform's"
            )
        return len(rows)

    async def _start(self, run: ProcessVideoInput, slots: asyncio.Semaphore) -> UUID | None:
        async with slots:
            try:
                await start_video(self._client, run)
            except WorkflowAlreadyStartedError:
                pass  # and it has ended
            except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
                return None
        return run.run_id


class TemporalVideoUpkeepActivities(VideoUpkeepActivities):
    """Compares open runs with their workflows on Temporal."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    @activity.defn(name="upkeep.reconcile-videos")
    async def reconcile_videos(self) -> ReconcileResult:
        after: UUID | None = None
        done: list[str | None] = []
        while page := await self._open(after):
            for row in page:
                activity.heartbeat()
                done.append(await self._reconcile(row))
            after = page[-1]["run_id"]
        return ReconcileResult(started=done.count("started"), closed=done.count("closed"), seen=len(done))

    async def _open(self, after: UUID | None) -> list[Record]:
        return await self._database.fetch(
            "SELECT * FROM private.open_video_runs($1, $2, $3)",
            SETTLED_AFTER,
            after,
            PAGE,
            reason="the reconciler looks at everybody's videos",
        )

    async def _reconcile(self, row: Record) -> str | None:
        """Make one row and its workflow agree; says what was done."""
        run = run_of(row)
        found = await self._status(run.run_id)
        if found in _RUNNING:
            return await self._cancel(run.run_id) if row["is_to_end"] else None
        if found is None and row["status"] == "pending":
            return await self._start(run)
        if found is WorkflowExecutionStatus.CANCELED:
            await self._close("SELECT private.cancel_video_run($1)", run.run_id)
        else:
            message = f"The processing was lost: {_REASONS.get(found, _UNWRITTEN)}. Start it again"
            error = json.dumps({"code": "RUN_LOST", "message": message, "details": {}})
            await self._close("SELECT private.fail_video_run($1, $2::jsonb)", run.run_id, error)
        return "closed"

    async def _status(self, run_id: UUID) -> WorkflowExecutionStatus | None:
        try:
            return (await self._client.get_workflow_handle(video_workflow_id(run_id)).describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def _cancel(self, run_id: UUID) -> str | None:
        """Whoever asked for the end may have died before Temporal was told."""
        try:
            await self._client.get_workflow_handle(video_workflow_id(run_id)).cancel()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return None

    async def _start(self, run: ProcessVideoInput) -> str | None:
        try:
            await start_video(self._client, run)
        except WorkflowAlreadyStartedError:
            return None  # it ended between the two questions; the next pass sees its row
        return "started"

    async def _close(self, statement: str, run_id: UUID, *more: str) -> None:
        await self._database.call(statement, run_id, *more, reason="runs are written by the platform alone")


def run_of(row: Record) -> ProcessVideoInput:
    """What its workflow is started with."""
    return video_run_of(dict(row), object_key(row["source_version"]))
