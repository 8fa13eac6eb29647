"""Housekeeping that runs on Temporal Schedules."""

from temporalio import workflow

from workflows import options
from workflows.contracts.execution import ReconcileResult
from workflows.names import RECONCILE_EXECUTIONS
from workflows.stubs import UpkeepActivities


@workflow.defn(name=RECONCILE_EXECUTIONS)
class ReconcileExecutions:
    """Closes the two gaps between a row and its workflow: committed but not started, ended but still open."""

    @workflow.run
    async def run(self) -> ReconcileResult:
        return await workflow.execute_activity_method(UpkeepActivities.reconcile_executions, **options.UPKEEP)
