"""Temporal Schedules of definitions, as their documents say: made, brought up to date, and taken away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts.schedules import AfterInput, FireInput
from workflows.language.cron import conjunctions
from workflows.language.schedule_options import ScheduleOptions
from workflows.language.schedules import Schedule as DocumentSchedule
from workflows.names import CHANGED, FIRE_SCHEDULE, RUN_AFTER, TaskQueue, run_after_id, schedule_id

ANSWER_WITHIN = timedelta(seconds=10)
OVERLAPS: Mapping[str, ScheduleOverlapPolicy] = {
    "skip": ScheduleOverlapPolicy.SKIP,
    "buffer_one": ScheduleOverlapPolicy.BUFFER_ONE,
    "cancel_other": ScheduleOverlapPolicy.CANCEL_OTHER,
    "allow_all": ScheduleOverlapPolicy.ALLOW_ALL,
}


def overlap_of(schedule: DocumentSchedule, options: ScheduleOptions) -> str:
    """What becomes of a moment whose run before has not ended."""
    return options.overlap or ("skip" if schedule.every is None else "allow_all")


async def put_schedule(
    client: Client,
    definition_id: UUID,
    schedule: DocumentSchedule,
    options: ScheduleOptions,
    *,
    paused: bool,
    note: str | None,
) -> None:
    """Make the Temporal Schedule of a definition with `cron` or `every` what the document says."""
    wanted = _wanted(definition_id, schedule, options, ScheduleState(paused=paused, note=note))
    try:
        await client.create_schedule(schedule_id(definition_id), wanted, rpc_timeout=ANSWER_WITHIN)
    except ScheduleAlreadyRunningError:

        def to_wanted(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(wanted)

        handle = client.get_schedule_handle(schedule_id(definition_id))
        await handle.update(to_wanted, rpc_timeout=ANSWER_WITHIN)


async def drop_schedule(client: Client, definition_id: UUID) -> None:
    """Take it away, if it is there."""
    try:
        await client.get_schedule_handle(schedule_id(definition_id)).delete(rpc_timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def put_loop(client: Client, definition_id: UUID) -> None:
    """Have a definition with `after` run again and again; a loop that is there looks at the definition again."""
    await client.start_workflow(
        RUN_AFTER,
        AfterInput(definition_id=definition_id),
        id=run_after_id(definition_id),
        task_queue=TaskQueue.PLATFORM,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=CHANGED,
        rpc_timeout=ANSWER_WITHIN,
    )


async def drop_loop(client: Client, definition_id: UUID) -> None:
    """End it, if it is there; the run that it waits for goes on."""
    try:
        await client.get_workflow_handle(run_after_id(definition_id)).terminate(rpc_timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def next_times(client: Client, definition_id: UUID, after: datetime) -> list[datetime]:
    """When the schedule of a definition fires next, as far as Temporal says; empty for one that does not."""
    try:
        found = await client.get_schedule_handle(schedule_id(definition_id)).describe(rpc_timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    if found.schedule.state.paused:
        return []
    return [moment for moment in found.info.next_action_times if moment > after]


def _wanted(
    definition_id: UUID, schedule: DocumentSchedule, options: ScheduleOptions, state: ScheduleState
) -> Schedule:
    overlap = overlap_of(schedule, options)
    spec = ScheduleSpec(jitter=options.jitter or None, time_zone_name=options.timezone)
    if schedule.cron is not None:
        spec.cron_expressions = conjunctions(schedule.cron)
    if schedule.every is not None:
        spec.intervals = [ScheduleIntervalSpec(every=schedule.every)]
    return Schedule(
        action=ScheduleActionStartWorkflow(
            FIRE_SCHEDULE,
            FireInput(definition_id=definition_id, follows=overlap != "allow_all"),
            id=f"{FIRE_SCHEDULE}/{definition_id}",
            task_queue=TaskQueue.PLATFORM,
        ),
        spec=spec,
        policy=SchedulePolicy(overlap=OVERLAPS[overlap], catchup_window=options.catch_up),
        state=state,
    )
