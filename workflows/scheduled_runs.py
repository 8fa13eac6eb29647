"""Runs that a schedule begins: the row first, as everywhere, then the execution, whose end matters to the overlap."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import SearchAttributeKey, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from workflows import options
from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.contracts.schedules import AfterInput, BeginInput, BegunRun, FireInput
from workflows.names import CHANGED, EXECUTE_WORKFLOW, FIRE_SCHEDULE, RUN_AFTER, execution_workflow_id
from workflows.starts import attributes_of, fit, priority_of, summary_of
from workflows.stubs import ScheduleActivities

SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
MOST_LOOKS = 500  # then it goes on with a new history


@workflow.defn(name=FIRE_SCHEDULE)
class FireSchedule:
    """One moment of a definition's schedule, from its row to the end of its run where the overlap asks for that."""

    @workflow.run
    async def run(self, fire: FireInput) -> str:
        if fire.execution_id is not None:
            await _until_ended(fire, fire.execution_id)
            return "ended"
        at = workflow.info().typed_search_attributes.get(SCHEDULED_AT) or workflow.now()
        begun = await _begin(fire.definition_id, at.isoformat(), at)
        if begun.run is not None and begun.outcome in {"created", "known", "queued"}:
            await _run(begun, fire)
        return begun.outcome


@workflow.defn(name=RUN_AFTER)
class RunAfter:
    """Runs a definition again and again, each time so long after the end of the run before: its rows say where."""

    def __init__(self) -> None:
        self._is_changed = False

    @workflow.signal(name=CHANGED)
    def changed(self) -> None:
        """The definition may say otherwise now."""
        self._is_changed = True

    @workflow.run
    async def run(self, after: AfterInput) -> None:
        self._is_changed = False  # what has changed by now is read below
        state = await workflow.execute_local_activity_method(
            ScheduleActivities.after, after.definition_id, **options.ROW
        )
        if state.open_run is not None:
            await _look_until_ended(state.open_run)
        elif state.seconds is None:
            return
        else:
            if await self._changed_within(state.seconds):
                workflow.continue_as_new(after)
            begun = await _begin(after.definition_id, state.key, workflow.now())
            if begun.run is not None and begun.outcome in {"created", "known", "queued"}:
                await _run(begun, FireInput(definition_id=after.definition_id))
            elif begun.outcome in {"missing", "inactive"}:
                return
            else:
                await workflow.sleep(timedelta(seconds=LONGEST_PAUSE))
        workflow.continue_as_new(after)

    async def _changed_within(self, seconds: float) -> bool:
        """Wait until it is time; True when the definition was changed since it was read."""
        try:
            await workflow.wait_condition(lambda: self._is_changed, timeout=timedelta(seconds=seconds))
        except TimeoutError:
            return False
        return True


async def _begin(definition_id: UUID, key: str, at: datetime) -> BegunRun:
    return await workflow.execute_local_activity_method(
        ScheduleActivities.begin,
        BeginInput(definition_id=definition_id, key=key, scheduled_at=at),
        **options.ROW,
    )


async def _run(begun: BegunRun, fire: FireInput) -> None:
    """Start the execution, and wait for its end if that matters; one that queues or was started is looked at."""
    run = begun.run
    if run is None:
        return
    if begun.outcome != "queued" and await _ran(run, follows=fire.follows):
        return
    if fire.follows:
        await _until_ended(fire, run.execution_id)


async def _ran(run: ExecuteWorkflowInput, *, follows: bool) -> bool:
    """Run it as a child, which goes on whatever becomes of this workflow; False when it was started before."""
    try:
        handle = await workflow.start_child_workflow(
            EXECUTE_WORKFLOW,
            fit(run),
            id=execution_workflow_id(run.execution_id),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            # A run that is cancelled for the next one is rolled back before that begins.
            cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            search_attributes=attributes_of(run),
            static_summary=summary_of(run),
            priority=priority_of(run),
        )
    except WorkflowAlreadyStartedError:
        return False
    if follows:
        with suppress(ChildWorkflowError):  # how it ended, its row says
            await handle
    return True


async def _until_ended(fire: FireInput, execution_id: UUID) -> None:
    if not await _look_until_ended(execution_id):
        workflow.continue_as_new(fire.model_copy(update={"execution_id": execution_id}))


async def _look_until_ended(execution_id: UUID) -> bool:
    """Look at the row until it has an end; False after so many looks that the history should not grow on."""
    pause = FIRST_PAUSE
    for _ in range(MOST_LOOKS):
        if not await workflow.execute_local_activity_method(ScheduleActivities.is_open, execution_id, **options.ROW):
            return True
        await workflow.sleep(timedelta(seconds=pause))
        pause = min(pause * 1.5, LONGEST_PAUSE)
    return False
