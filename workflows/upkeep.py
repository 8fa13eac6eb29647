"""Housekeeping that runs on Temporal Schedules."""

from temporalio import workflow

from workflows import options
from workflows.contracts.execution import ReconcileResult
from workflows.contracts.upkeep import SweepResult
from workflows.names import RECONCILE_EXECUTIONS, SWEEP_OBJECTS
from workflows.stubs import StorageUpkeepActivities, UpkeepActivities


@workflow.defn(name=RECONCILE_EXECUTIONS)
class ReconcileExecutions:
    """Closes the two gaps between a row and its workflow: committed but not started, ended but still open."""

    @workflow.run
    async def run(self) -> ReconcileResult:
        return await workflow.execute_activity_method(UpkeepActivities.reconcile_executions, **options.UPKEEP)


@workflow.defn(name=SWEEP_OBJECTS)
class SweepObjects:
    """Deletes the bytes of versions that no object has: overwritten, deleted, or never come to their end."""

    @workflow.run
    async def run(self) -> SweepResult:
        return await workflow.execute_activity_method(StorageUpkeepActivities.sweep_objects, **options.UPKEEP)
