"""The interpreter's effects on Temporal: timers, local activities for what is short, activities for the rest."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta

from temporalio import workflow

from workflows import options
from workflows.children import Children
from workflows.contracts.calls import CallInput, LateHole, LateParts
from workflows.contracts.execution import ExecuteWorkflowInput, FunctionCallInput, UndoEffectInput
from workflows.event_effects import EventEffects
from workflows.faults import result_of
from workflows.function_activities import ACTIVITY_OF, options_of
from workflows.invitation_effects import InvitationEffects
from workflows.json_text import read_json, write_json
from workflows.language.catalogue.function import Performer
from workflows.language.effects import Late, ServiceCall
from workflows.language.functions import find_function
from workflows.language.inbox import Inbox
from workflows.language.problems import Kind, WorkflowFault
from workflows.phases import Phases
from workflows.room import LOCAL_EVENTS, OVERHEAD_BYTES, Room, travelling
from workflows.stubs import ExecutionActivities, FunctionActivities, PauseActivities
from workflows.sub_workflow_effects import SubWorkflowEffects
from workflows.tutorial_effects import TutorialEffects
from workflows.video_effects import VideoEffects

# A server as it is shipped lets no timer take less (decision 56): shorter waits are slept through by a local activity.
SHORTEST_TIMER = 1.0
LONGEST_TIMER = 3650 * 86_400.0
SHOWN_WAIT = 5.0  # a shorter one is over before anybody has read in the row that it waits

LOCAL_CALL_TIMEOUT = 5.0  # a local activity holds the workflow task, and with it every signal

SENT_BYTES = 4 * 1024 * 1024

# The server refuses the 10,001st signal of a run, and would refuse a person's, too. A run that has heard some makes way
# for another, so that a task that listens has nearly all of them for itself.
MANY_SIGNALS = 1_000
MOST_SIGNALS = 9_000

TIMER_EVENTS = 5  # at most, with the workflow tasks that one brings


class TemporalEffects:
    """The world of one execution, as its workflow code may touch it."""

    def __init__(self, execution: ExecuteWorkflowInput) -> None:
        self._execution = execution
        self.inbox = Inbox()
        self.repeats: Callable[[str], str | None] = _nothing_repeats
        self.phases = Phases(execution.execution_id, engine=execution.engine)
        self.awaited: set[str] = set()  # keys of tasks that wait for something from outside
        self.stream = EventEffects(execution.execution_id, self._run_keyed)
        self._room = room = Room()
        self._children = Children(room)
        self.sub_workflows = SubWorkflowEffects(execution, _sent, room, self._children)
        self._tutorials = TutorialEffects(room, self._children)
        self._videos = VideoEffects(room, self._children)
        self.invitations = InvitationEffects(execution, self._function_call, self._run_regularly)
        self._undos = 0
        self._signals = 0
        self._entering: workflow.ActivityHandle[None] | None = None

    def now(self) -> datetime:
        return workflow.now()

    def random(self) -> float:
        return workflow.random().random()

    async def sleep(self, seconds: float) -> None:
        self._room.events += TIMER_EVENTS if seconds >= SHORTEST_TIMER else LOCAL_EVENTS
        if seconds >= SHORTEST_TIMER:
            with self.phases.waiting() if seconds >= SHOWN_WAIT else nullcontext():
                await _timer(seconds)
        elif seconds > 0:
            await result_of(workflow.execute_local_activity_method(PauseActivities.sleep, seconds, **options.PAUSE))

    async def breathe(self) -> None:
        self._room.events += LOCAL_EVENTS
        await result_of(workflow.execute_local_activity_method(PauseActivities.breathe, **options.PAUSE))

    async def entered(self) -> None:
        # Nobody waits for this: it travels with the first effect, and the row's end overrules it whatever comes first.
        self._entering = workflow.start_local_activity_method(
            ExecutionActivities.enter, self._execution.execution_id, **options.ROW
        )

    async def settle(self) -> None:
        """Leave nothing under way behind the execution's end."""
        if self._entering is not None:
            await self._entering
        await self.phases.settle()

    async def flush(self) -> None:
        """Have all that was done so far recorded."""
        await self._room.flush()

    async def call_function(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109  the protocol's
    ) -> object:
        del timeout  # the interpreter ends the wait; the call itself is bounded by its statement
        self._room.refuse_endless(key)
        call = self._function_call(name, arguments, key)
        function = find_function(name)
        if function is not None and function.performer is Performer.TUTORIAL:
            return await self._tutorials.generate(call)
        if function is not None and function.performer is Performer.VIDEO:
            return await self._videos.process(call)
        method = None if function is None else ACTIVITY_OF.get(function.performer)
        if function is not None and method is not None:
            return await self._run_regularly(
                lambda: workflow.execute_activity_method(method, call, **options_of(function)),
                travelling(len(call.arguments)) + OVERHEAD_BYTES,
            )
        return await self._run_locally(
            lambda: workflow.execute_local_activity_method(FunctionActivities.call, call, **options.row(name))
        )

    def _function_call(self, name: str, arguments: Mapping[str, object], key: str) -> FunctionCallInput:
        return FunctionCallInput(
            execution_id=self._execution.execution_id,
            owner_id=self._execution.owner_id,
            key=key,
            name=name,
            arguments=_sent(arguments),
        )

    async def call_service(
        self,
        call: ServiceCall,
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109  the protocol's
    ) -> object:
        self._room.refuse_endless(key)
        seconds = options.call_seconds(call.kind, timeout)
        sent = CallInput(
            execution_id=self._execution.execution_id,
            owner_id=self._execution.owner_id,
            key=key,
            arguments=_sent(call.arguments),
            late=None if call.late is None else _late_parts(call.late),
            secrets=call.secrets,
            policy=list(call.policy),
            timeout=seconds,
            repeats=self.repeats(key),
        )
        size = _size_of(sent)
        name, summary = f"call.{call.kind}", call.summary[:200]
        if call.repeatable and seconds <= LOCAL_CALL_TIMEOUT:
            return await self._run_locally(
                lambda: workflow.execute_local_activity(
                    name, sent, result_type=str, **options.call_short(seconds, summary)
                )
            )
        return await self._run_regularly(
            lambda: workflow.execute_activity(name, sent, result_type=str, **options.call(seconds, summary)), size
        )

    def heard(self) -> None:
        """A signal came, whatever it says."""
        self._signals += 1
        if self._signals >= MOST_SIGNALS:
            self.inbox.close()

    async def receive(self, key: str) -> object:
        self.awaited.add(key)
        try:
            with self.phases.waiting():
                return await self.inbox.take(key)
        finally:
            self.awaited.discard(key)

    def ignore(self, key: str) -> None:
        self.inbox.forget(key)

    async def undo(self, key: str) -> None:
        self._undos += 1
        effect = UndoEffectInput(execution_id=self._execution.execution_id, owner_id=self._execution.owner_id, key=key)
        await result_of(workflow.execute_local_activity_method(FunctionActivities.undo, effect, **options.ROW))

    @property
    def acted(self) -> bool:
        """Something was done in this run: what is only computed makes no history."""
        return self._room.events > 0

    @property
    def length(self) -> int:
        """Events of this run's history, about."""
        return self._room.length

    @property
    def is_crowded(self) -> bool:
        """It has many of what Temporal counts in a run, beside events, and what a next one begins without."""
        return self._children.are_many or self._signals >= MANY_SIGNALS

    @property
    def undone(self) -> int:
        """The same while it is rolled back; 0 when nothing was done in this run."""
        done = self._room.events + self._undos * LOCAL_EVENTS
        return max(done, workflow.info().get_current_history_length()) if done else 0

    async def _run_keyed(self, key: str, start: Callable[[], Awaitable[str]]) -> object:
        self._room.refuse_endless(key)
        return await self._run_locally(start)

    async def _run_locally(self, start: Callable[[], Awaitable[str]]) -> object:
        return _read(await self._room.locally(start))

    async def _run_regularly(self, start: Callable[[], Awaitable[str]], size: int) -> object:
        return _read(await self._room.regularly(start, size))


def _nothing_repeats(_: str) -> str | None:
    """No call of a run that retries nothing is one that another has made."""
    return None


async def _timer(seconds: float) -> None:
    """A timer, or several where one cannot be so long."""
    while seconds > 0:
        await workflow.sleep(timedelta(seconds=min(seconds, LONGEST_TIMER)))
        seconds -= LONGEST_TIMER


def _sent(value: object) -> str:
    try:
        return write_json(value)
    except (ValueError, RecursionError) as error:
        raise WorkflowFault.of(Kind.VALIDATION, f"what is sent is not JSON that can be stored: {error}") from error


def _late_parts(late: Late) -> LateParts:
    return LateParts(
        holes=[LateHole(path=list(hole.path), source=hole.source) for hole in late.holes],
        dot=_sent(late.dot),
        variables=_sent(late.variables),
        now=late.now,
    )


def _size_of(call: CallInput) -> int:
    """Bytes of the request as it travels; refuses one that no payload can hold."""
    try:
        size = len(call.model_dump_json().encode())
    except ValueError as error:
        raise WorkflowFault.of(Kind.VALIDATION, "the request has text that is not valid Unicode") from error
    if size > SENT_BYTES:
        detail = f"the request is larger than {SENT_BYTES // 1024} KiB: send less, or the address of the data"
        raise WorkflowFault.of(Kind.VALIDATION, detail, status=413)
    return travelling(size) + OVERHEAD_BYTES


def _read(text: str) -> object:
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        raise WorkflowFault.of(Kind.RUNTIME, f"what was answered cannot be read as JSON: {error}") from error
