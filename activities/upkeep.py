"""The reconciler: compares open rows of executions with their workflows on Temporal, and makes them agree."""

import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts.execution import ExecuteWorkflowInput, ReconcileResult
from workflows.language.problems import Kind, Problem
from workflows.names import execution_workflow_id
from workflows.starting import start_execution, start_job
from workflows.stubs import UpkeepActivities
from zilliance.database import Database
from zilliance.enums import ExecutionStatus

# A younger row is most likely between its commit and its start.
SETTLED_AFTER = timedelta(seconds=10)
PAGE = 200

_RUNNING = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
_REASONS: Mapping[WorkflowExecutionStatus, str] = {
    WorkflowExecutionStatus.TERMINATED: "it was terminated on Temporal",
    WorkflowExecutionStatus.TIMED_OUT: "it took longer than Temporal allows",
}
_GONE = "Temporal no longer knows it"
_ORPHANED = "the execution that ran it ended before it began"
_UNWRITTEN = "it ended without writing its row"


class TemporalUpkeepActivities(UpkeepActivities):
    """Upkeep on PostgreSQL and Temporal."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    @activity.defn(name="upkeep.reconcile-executions")
    async def reconcile_executions(self) -> ReconcileResult:
        await self._database.call(
            "SELECT private.release_all_queued()", reason="lets out of the queues what an end did not"
        )
        after: UUID | None = None
        started = closed = seen = 0
        while page := await self._open(after):
            for execution, status in page:
                activity.heartbeat()
                did = await self._reconcile(execution, status)
                started += did == "started"
                closed += did == "closed"
            seen += len(page)
            after = page[-1][0].execution_id
        await self._start_jobs()
        return ReconcileResult(started=started, closed=closed, seen=seen)

    async def _start_jobs(self) -> None:
        """Jobs that were accepted or resumed while Temporal was away; those that run are left alone."""
        async with self._database.service(reason="the reconciler looks at everybody's jobs") as connection:
            rows = await connection.fetch("SELECT * FROM private.open_jobs()")
        for row in rows:
            activity.heartbeat()
            await start_job(self._client, row["job_id"], row["owner_id"])

    async def _open(self, after: UUID | None) -> list[tuple[ExecuteWorkflowInput, str]]:
        async with self._database.service(reason="the reconciler looks at everybody's executions") as connection:
            rows = await connection.fetch(
                "SELECT * FROM private.open_executions($1, $2, $3)", SETTLED_AFTER, after, PAGE
            )
        return [(ExecuteWorkflowInput.model_validate(dict(row)), _standing(dict(row))) for row in rows]

    async def _reconcile(self, execution: ExecuteWorkflowInput, status: str) -> str | None:
        """Make one row and its workflow agree; says what was done."""
        found = await self._status(execution.execution_id)
        if found in _RUNNING:
            return None
        if found is None and status == ExecutionStatus.PENDING:
            return await self._start(execution)
        if found is WorkflowExecutionStatus.CANCELED:
            await self._close(execution.execution_id, ExecutionStatus.CANCELLED, None)
        else:
            reason = _gone(status) if found is None else _REASONS.get(found, _UNWRITTEN)
            await self._close(execution.execution_id, ExecutionStatus.FAILED, reason)
        return "closed"

    async def _status(self, execution_id: UUID) -> WorkflowExecutionStatus | None:
        handle = self._client.get_workflow_handle(execution_workflow_id(execution_id))
        try:
            return (await handle.describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def _start(self, execution: ExecuteWorkflowInput) -> str | None:
        try:
            await start_execution(self._client, execution)
        except WorkflowAlreadyStartedError:
            return None  # it ended between the two questions; the next pass sees its row
        return "started"

    async def _close(self, execution_id: UUID, status: ExecutionStatus, reason: str | None) -> None:
        problem = None if reason is None else Problem.of(Kind.RUNTIME, f"the run was lost: {reason}", instance="/")
        async with self._database.service(reason="executions are written by the platform alone") as connection:
            await connection.execute(
                "SELECT private.finish_execution($1, $2, NULL, $3::jsonb, $4, '[]'::jsonb)",
                execution_id,
                status.value,
                None if problem is None else json.dumps(problem.as_json()),
                None if problem is None else problem.detail,
            )


def _standing(row: Mapping[str, object]) -> str:
    """The row's status, and `orphaned` for one that its parent has not started: nobody else may."""
    is_orphan = row["has_parent"] and row["status"] == ExecutionStatus.PENDING
    return "orphaned" if is_orphan else str(row["status"])


def _gone(status: str) -> str:
    return _ORPHANED if status == "orphaned" else _GONE
