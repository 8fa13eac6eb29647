"""What workflows ask of the world, as abstract activity classes; `activities` has the implementations."""

from abc import ABC, abstractmethod
from uuid import UUID

from temporalio import activity

from workflows.contracts.calls import CallInput
from workflows.contracts.execution import (
    ExecuteWorkflowInput,
    FinishExecutionInput,
    FunctionCallInput,
    KeepOutputsInput,
    PhaseInput,
    PublishEventInput,
    ReconcileResult,
    RecordedAnswerInput,
    RecordedOutputInput,
    SubscribeInput,
    UndoEffectInput,
    UnsubscribeInput,
)
from workflows.contracts.invitations import AnswersResult, WithdrawInput
from workflows.contracts.jobs import BulkJobStep
from workflows.contracts.schedules import AfterState, BeginInput, BegunRun
from workflows.contracts.sub_workflows import RolledBackInput, SubWorkflowInput
from workflows.contracts.upkeep import ExpiryResult, SweepResult, TrimResult


class ExecutionActivities(ABC):
    """The row of an execution."""

    @abstractmethod
    @activity.defn(name="execution.load")
    async def load(self, execution_id: UUID) -> bytes:
        """The document and the input as zlib of their JSON texts with a NUL between: small, and exact."""

    @abstractmethod
    @activity.defn(name="execution.take-over")
    async def take_over(self, execution_id: UUID) -> bytes:
        """What a retry takes over, as zlib of `{definition, tasks: [{key, origin, output, whole}]}`."""

    @abstractmethod
    @activity.defn(name="execution.recorded-answer")
    async def recorded_answer(self, answer: RecordedAnswerInput) -> str | None:
        """What a function answered in a run that the log kept too little of, as JSON text; None when nobody knows."""

    @abstractmethod
    @activity.defn(name="execution.enter")
    async def enter(self, execution_id: UUID) -> None:
        """The row says `running`."""

    @abstractmethod
    @activity.defn(name="execution.finish")
    async def finish(self, end: FinishExecutionInput) -> None:
        """The row says how it ended; the first end wins."""


class LongExecutionActivities(ABC):
    """What long executions write beside their end."""

    @abstractmethod
    @activity.defn(name="execution.show-phase")
    async def show_phase(self, change: PhaseInput) -> None:
        """The row says what an open execution is doing."""

    @abstractmethod
    @activity.defn(name="execution.recorded-output")
    async def recorded_output(self, output: RecordedOutputInput) -> str | None:
        """A whole output that another execution kept, as JSON text; None when it is gone."""

    @abstractmethod
    @activity.defn(name="execution.keep-outputs")
    async def keep_outputs(self, kept: KeepOutputsInput) -> None:
        """Keep outputs that the row has no room for; a repeat writes the same."""


class FunctionActivities(ABC):
    """Functions on tables, each done once for its key. Faults are ApplicationErrors with the problem as detail."""

    @abstractmethod
    @activity.defn(name="function.call")
    async def call(self, call: FunctionCallInput) -> str:
        """Do it, or answer what it answered before; the result as JSON text."""

    @abstractmethod
    @activity.defn(name="function.undo")
    async def undo(self, effect: UndoEffectInput) -> None:
        """Take it back, once; nothing where nothing was done."""


class SubWorkflowActivities(ABC):
    """Rows of executions that executions begin."""

    @abstractmethod
    @activity.defn(name="sub-workflow.begin")
    async def begin(self, wanted: SubWorkflowInput) -> ExecuteWorkflowInput:
        """Insert the row of one, or find the one that the key began before; without its document and input."""

    @abstractmethod
    @activity.defn(name="sub-workflow.outcome")
    async def outcome(self, execution_id: UUID) -> str:
        """How one ended, as JSON text: `{status, result, error}`."""

    @abstractmethod
    @activity.defn(name="sub-workflow.load-journal")
    async def load_journal(self, execution_id: UUID) -> bytes:
        """What a completed one has done: zlib of JSON text with the run, its document, its input and its checkpoint.

        Empty when there is nothing to undo.
        """

    @abstractmethod
    @activity.defn(name="sub-workflow.rolled-back")
    async def rolled_back(self, end: RolledBackInput) -> None:
        """The row says what was undone."""


class MailActivities(ABC):
    """Mail of workflows."""

    @abstractmethod
    @activity.defn(name="mail.send")
    async def send(self, call: FunctionCallInput) -> str:
        """Send one message, or say when it went out; the result as JSON text."""


class ObjectActivities(ABC):
    """Files of the storage."""

    @abstractmethod
    @activity.defn(name="object.call")
    async def call(self, call: FunctionCallInput) -> str:
        """Store, read or sign one, or answer what was answered before; the result as JSON text."""


class InvitationActivities(ABC):
    """Questions to people and other systems, each asked once for its key."""

    @abstractmethod
    @activity.defn(name="invitation.invite")
    async def invite(self, call: FunctionCallInput) -> str:
        """Write the question down and tell those who may answer; what the task may tell further, as JSON text."""

    @abstractmethod
    @activity.defn(name="invitation.withdraw")
    async def withdraw(self, question: WithdrawInput) -> str | None:
        """Nobody may answer any longer; what was answered before that as JSON text, or None."""


class AnswerUpkeepActivities(ABC):
    """Housekeeping of answers and mail on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.deliver-answers")
    async def deliver_answers(self) -> AnswersResult:
        """Tell executions what was answered and they may not have heard; send mail that has not gone out."""


class CallActivities(ABC):
    """Calls to the outside over HTTP; each answers the task's raw output as JSON text.

    The activity of every other kind is named `call.{kind}` likewise, and takes and answers the same.
    """

    @abstractmethod
    @activity.defn(name="call.http")
    async def http(self, call: CallInput) -> str:
        """Send one request."""

    @abstractmethod
    @activity.defn(name="call.openapi")
    async def openapi(self, call: CallInput) -> str:
        """Send the request that an OpenAPI document describes."""


class EventActivities(ABC):
    """The events of an execution's owner."""

    @abstractmethod
    @activity.defn(name="event.publish")
    async def publish(self, event: PublishEventInput) -> str:
        """Put it into the stream unless it is there; the JSON text of nothing."""

    @abstractmethod
    @activity.defn(name="event.subscribe")
    async def subscribe(self, subscription: SubscribeInput) -> str:
        """What matches is delivered from now on; the JSON text of nothing."""

    @abstractmethod
    @activity.defn(name="event.unsubscribe")
    async def unsubscribe(self, subscription: UnsubscribeInput) -> str:
        """Nothing is delivered any more; the JSON text of nothing."""


class ProtocolActivities(ABC):
    """Calls to the outside over other protocols."""

    @abstractmethod
    @activity.defn(name="call.grpc")
    async def grpc(self, call: CallInput) -> str:
        """Call a method of a gRPC service."""

    @abstractmethod
    @activity.defn(name="call.asyncapi")
    async def asyncapi(self, call: CallInput) -> str:
        """Publish a message to a channel, or consume from it."""

    @abstractmethod
    @activity.defn(name="call.a2a")
    async def a2a(self, call: CallInput) -> str:
        """Ask an agent."""

    @abstractmethod
    @activity.defn(name="call.mcp")
    async def mcp(self, call: CallInput) -> str:
        """Ask an MCP server."""


class ProgramActivities(ABC):
    """Programs that `run` tasks start, if the operator allows their kind."""

    @abstractmethod
    @activity.defn(name="call.script")
    async def script(self, call: CallInput) -> str:
        """Run a script."""

    @abstractmethod
    @activity.defn(name="call.shell")
    async def shell(self, call: CallInput) -> str:
        """Run a command."""

    @abstractmethod
    @activity.defn(name="call.container")
    async def container(self, call: CallInput) -> str:
        """Run a container."""


class PauseActivities(ABC):
    """Waiting that is shorter than a timer can be."""

    @abstractmethod
    @activity.defn(name="pause.sleep")
    async def sleep(self, seconds: float) -> None:
        """Wait under a second: a timer takes a full one whatever its value."""

    @abstractmethod
    @activity.defn(name="pause.breathe")
    async def breathe(self) -> None:
        """Nothing: it ends an activation of the workflow."""


class ScheduleActivities(ABC):
    """Rows of runs that a schedule begins."""

    @abstractmethod
    @activity.defn(name="schedule.begin")
    async def begin(self, begin: BeginInput) -> BegunRun:
        """Begin the run of one moment, or find it; the definition's row then says when the next one is."""

    @abstractmethod
    @activity.defn(name="schedule.is-open")
    async def is_open(self, execution_id: UUID) -> bool:
        """Whether a run has no end yet."""

    @abstractmethod
    @activity.defn(name="schedule.after")
    async def after(self, definition_id: UUID) -> AfterState:
        """When a definition is to run again, counted from the end of the last run that its schedule began."""


class UpkeepActivities(ABC):
    """Housekeeping on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.reconcile-executions")
    async def reconcile_executions(self) -> ReconcileResult:
        """Start what was committed but not started; close rows whose workflow ended without them."""


class VideoUpkeepActivities(ABC):
    """Housekeeping of the processing of videos on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.reconcile-videos")
    async def reconcile_videos(self) -> ReconcileResult:
        """Start what was committed but not started; close rows whose workflow ended without them."""


class EventUpkeepActivities(ABC):
    """Housekeeping of events on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.trim-events")
    async def trim_events(self) -> TrimResult:
        """Delete old events and changes, and listeners that nobody needs any more."""


class StorageUpkeepActivities(ABC):
    """Housekeeping of objects' bytes on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.sweep-objects")
    async def sweep_objects(self) -> SweepResult:
        """Delete the bytes that are no object's, for as long as any are due."""


class JobActivities(ABC):
    """Bulk jobs over executions."""

    @abstractmethod
    @activity.defn(name="job.step")
    async def step(self, job_id: UUID) -> BulkJobStep:
        """Deal with the next executions, and write down how far that is."""


class RetentionActivities(ABC):
    """Executions that ended long ago."""

    @abstractmethod
    @activity.defn(name="upkeep.expire-executions")
    async def expire_executions(self) -> ExpiryResult:
        """Delete those whose time is over, for as long as there are any."""
