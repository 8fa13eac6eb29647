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

from workflows.names import (
    DELIVER_ANSWERS,
    EXPIRE_EXECUTIONS,
    RECONCILE_EXECUTIONS,
    RECONCILE_TUTORIALS,
    RECONCILE_VIDEOS,
    SWEEP_OBJECTS,
    TRIM_EVENTS,
    TaskQueue,
)
from zilliance.settings import Settings

EXPIRE_SECONDS = 3600


async def reconcile_schedules(client: Client, settings: Settings) -> None:
    """Make every schedule of the platform what this checkout says. Two workers at once do no harm."""
    seconds = {
        RECONCILE_EXECUTIONS: settings.workflow.reconcile_seconds,
        RECONCILE_TUTORIALS: settings.workflow.reconcile_seconds,
        RECONCILE_VIDEOS: settings.workflow.reconcile_seconds,
        DELIVER_ANSWERS: settings.workflow.reconcile_seconds,
        SWEEP_OBJECTS: settings.storage.sweep_seconds,
        EXPIRE_EXECUTIONS: EXPIRE_SECONDS,
        TRIM_EVENTS: settings.events.trim_seconds,
    }
    for name, each in seconds.items():
        await _reconcile(client, name, _schedule(name, timedelta(seconds=each)))


async def _reconcile(client: Client, name: str, wanted: Schedule) -> None:
    try:
        await client.create_schedule(name, wanted, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(name)

        def to_wanted(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(wanted)

        await handle.update(to_wanted)
        # What was lost while no worker ran should not wait for the next turn.
        await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)


def _schedule(workflow: str, every: timedelta) -> Schedule:
    """One run at a time of a workflow, whose id is its name."""
    return Schedule(
        action=ScheduleActionStartWorkflow(workflow, id=workflow, task_queue=TaskQueue.PLATFORM),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
