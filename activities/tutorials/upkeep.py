"""Compares open rows of runs with their workflows on Temporal, and makes them agree."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.contracts.tutorials import GenerateTutorialInput, ReconcileTutorialsResult
from workflows.names import tutorial_workflow_id
from workflows.starting_tutorials import found_attempt, start_tutorial
from workflows.tutorial_stubs import TutorialUpkeepActivities
from workflows.tutorials.failures import TutorialFailedError
from zilliance.database import Database
from zilliance.enums import ExecutionStatus

SETTLED_AFTER = timedelta(seconds=10)  # a younger row is most likely between its commit and its start
PAGE = 200

_RUNNING = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
_LOST: Mapping[WorkflowExecutionStatus, str] = {
    WorkflowExecutionStatus.TERMINATED: "it was terminated on Temporal",
    WorkflowExecutionStatus.TIMED_OUT: "it took longer than Temporal allows",
}


class TemporalTutorialUpkeepActivities(TutorialUpkeepActivities):
    """Upkeep on PostgreSQL and Temporal."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    @activity.defn(name="upkeep.reconcile-tutorials")
    async def reconcile_tutorials(self) -> ReconcileTutorialsResult:
        after: UUID | None = None
        counts = {"started": 0, "closed": 0, "cancelled": 0, "seen": 0}
        while page := await self._open(after):
            for row in page:
                activity.heartbeat()
                counts["seen"] += 1
                did = await self._reconcile(row)
                if did is not None:
                    counts[did] += 1
            after = page[-1]["run_id"]
        return ReconcileTutorialsResult(**counts)

    async def _open(self, after: UUID | None) -> list[dict[str, Any]]:
        rows = await self._database.fetch(
            "SELECT * FROM private.open_tutorial_runs($1, $2, $3)",
            *(SETTLED_AFTER, after, PAGE),
            reason="the reconciler looks at everybody's runs",
        )
        return [dict(row) for row in rows]

    async def _reconcile(self, row: Mapping[str, Any]) -> str | None:
        """Make one row and its workflow agree; says what was done."""
        run = GenerateTutorialInput.model_validate(dict(row))
        status, attempt = await found_attempt(self._client, run) or (None, 0)
        if status in _RUNNING:
            return await self._cancel(run) if row["is_cancelled"] else None
        if status is None or attempt < run.attempt:
            if row["is_cancelled"] or row["is_of_execution"]:
                # Nobody has begun it, and nobody will: an execution that wanted it has ended.
                return await self._close(run, ExecutionStatus.CANCELLED, None)
            return await self._start(run) if row["status"] == ExecutionStatus.PENDING else await self._lose(run, None)
        if status is WorkflowExecutionStatus.CANCELED:
            return await self._close(run, ExecutionStatus.CANCELLED, None)
        return await self._lose(run, status)

    async def _start(self, run: GenerateTutorialInput) -> str | None:
        try:
            await start_tutorial(self._client, run)
        except WorkflowAlreadyStartedError:
            return None  # the attempt before it is still ending; the next pass sees it
        return "started"

    async def _cancel(self, run: GenerateTutorialInput) -> str:
        await self._client.get_workflow_handle(tutorial_workflow_id(run.run_id)).cancel()
        return "cancelled"

    async def _lose(self, run: GenerateTutorialInput, status: WorkflowExecutionStatus | None) -> str:
        reason = "Temporal no longer knows it" if status is None else _LOST.get(status, "it ended without its row")
        error = TutorialFailedError("RUN_LOST", f"The run was lost: {reason}; resume it to go on", 503).as_json()
        return await self._close(run, ExecutionStatus.FAILED, error)

    async def _close(self, run: GenerateTutorialInput, status: ExecutionStatus, error: str | None) -> str:
        await self._database.call(
            "SELECT private.end_tutorial_run($1, $2, $3, $4::jsonb)",
            *(run.run_id, run.attempt, status.value, error),
            reason="runs are written by the platform alone",
        )
        return "closed"
