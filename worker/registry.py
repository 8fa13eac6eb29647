"""Every workflow and every activity of the platform, written out once."""

from collections.abc import Callable, Sequence
from typing import Any

from activities.calls import HttpCallActivities
from activities.pauses import ClockPauseActivities
from activities.records import SqlExecutionActivities, SqlFunctionActivities
from activities.storage_upkeep import S3StorageUpkeepActivities
from activities.upkeep import TemporalUpkeepActivities
from worker.resources import Resources
from workflows.execute_workflow import ExecuteWorkflow
from workflows.upkeep import ReconcileExecutions, SweepObjects

WORKFLOWS: Sequence[type] = [ExecuteWorkflow, ReconcileExecutions, SweepObjects]


def activities(resources: Resources) -> list[Callable[..., Any]]:
    """The implementations of `workflows.stubs`, one line each."""
    executions = SqlExecutionActivities(resources.database)
    functions = SqlFunctionActivities(resources.database)
    calls = HttpCallActivities(resources.outbound)
    pauses = ClockPauseActivities()
    upkeep = TemporalUpkeepActivities(resources.database, resources.client)
    storage_upkeep = S3StorageUpkeepActivities(resources.database, resources.store)
    return [
        executions.load,
        executions.enter,
        executions.finish,
        functions.call,
        functions.undo,
        calls.http,
        pauses.sleep,
        pauses.breathe,
        upkeep.reconcile_executions,
        storage_upkeep.sweep_objects,
    ]
