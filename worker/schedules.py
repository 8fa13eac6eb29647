"""The platform's own Temporal Schedules, made or brought up to date when a worker starts."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from workflows.names import RECONCILE_EXECUTIONS, TaskQueue
from workflows.upkeep import ReconcileExecutions
from zilliance.settings import Settings


async def reconcile_schedules(client: Client, settings: Settings) -> None:
    """Make every schedule of the platform what this checkout says. Two workers at once do no harm."""
    wanted = _reconciler(settings)
    try:
        await client.create_schedule(RECONCILE_EXECUTIONS, wanted, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(RECONCILE_EXECUTIONS)

        def to_wanted(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(wanted)

        await handle.update(to_wanted)
        # What was lost while no worker ran should not wait for the next turn.
        await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)


def _reconciler(settings: Settings) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ReconcileExecutions.run, id=RECONCILE_EXECUTIONS, task_queue=TaskQueue.PLATFORM
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=timedelta(seconds=settings.workflow.reconcile_seconds))]
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
