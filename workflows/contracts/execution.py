"""What travels between the API, the workflow and the activities of one execution.

Values of users travel as JSON text: their depth, numbers and characters then stay what PostgreSQL made of them,
whatever a serializer in between could do.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from zilliance.enums import ExecutionPhase, ExecutionStatus


class Contract(BaseModel):
    """Contracts only grow: a new field has a default, and an unknown one is ignored.

    Attributes:
        stays_local: only ever an argument of local activities or an answer to a query, none of which become history:
            however large, it travels as it is and not by way of the S3 store.
    """

    stays_local: ClassVar[bool] = False
    model_config = ConfigDict(frozen=True, extra="ignore")


# The changes of what a run asks of Temporal that its starter knows of: 1, that the row's phase is written and heard
# out, and a rollback goes on in several runs.
ENGINE = 1


class ExecuteWorkflowInput(Contract):
    """One execution to run.

    Attributes:
        document: the definition's `config` as JSON text; None when it is too large to travel, and then loaded.
        trigger_data: the input as JSON text; None together with `document`.
        started_at: when the execution's row was inserted.
        retry_of: the execution whose completed tasks are taken over; None when all of them are to be done.
        checkpoint: where another run of the workflow has come to, as JSON text of `Handover`; None at the beginning.
        runs: how many runs there were before this one.
        events_a_run: after so many events of its history a run hands over to another; 0: when Temporal suggests it.
        is_undoable: a parent may undo it when it has completed, so its row then says how.
        engine: `ENGINE` as it was when the run began, so that it goes on as it began; 0 in histories from before there
            was one, which ask `workflow.patched`.
    """

    execution_id: UUID
    owner_id: UUID
    definition_id: UUID
    version: int
    name: str
    document: str | None = None
    trigger_data: str | None = None
    started_at: datetime
    retry_of: UUID | None = None
    checkpoint: str | None = None
    runs: int = 0
    events_a_run: int = 0
    is_undoable: bool = False
    engine: int = 0


class ExecutionSummary(Contract):
    """How an execution ended; its row has the rest."""

    status: ExecutionStatus
    tasks: int


class FinishExecutionInput(Contract):
    """The end of an execution, all of which goes to its row. `result`, `error` and `tasks` are JSON text.

    Attributes:
        journal: JSON text of the checkpoint from which it can be undone; None when nobody may, or nothing can be.
    """

    stays_local: ClassVar[bool] = True

    execution_id: UUID
    status: ExecutionStatus
    result: str | None = None
    error: str | None = None
    error_message: str | None = None
    tasks: str = "[]"
    journal: str | None = None


class PhaseInput(Contract):
    """What an open execution is doing now."""

    execution_id: UUID
    phase: ExecutionPhase


class KeepOutputsInput(Contract):
    """Whole outputs of tasks, as JSON texts that are kept one behind the other; `part` names this lot of them."""

    stays_local: ClassVar[bool] = True

    execution_id: UUID
    part: str
    texts: list[str]


class RunningTasks(Contract):
    """An answer to the query `tasks`: the log so far as JSON text, and the phase."""

    stays_local: ClassVar[bool] = True

    tasks: str
    phase: ExecutionPhase


class Delivery(Contract):
    """Something from outside for a task that waits: an event, a decision, an answer.

    Attributes:
        key: the effect key of the task that waits.
        id: the same for every repeat of the delivery; what was delivered under it before is dropped.
        body: JSON text.
    """

    key: str
    id: str
    body: str


class FunctionCallInput(Contract):
    """One call of a table function. `arguments` is the JSON text of its `with` map."""

    execution_id: UUID
    owner_id: UUID
    key: str
    name: str
    arguments: str


class PublishEventInput(Contract):
    """One CloudEvent of a task, whole, as JSON text."""

    execution_id: UUID
    event: str


class SubscribeInput(Contract):
    """A task that listens from now on. `filters` is JSON text: what whoever delivers can tell without the execution."""

    execution_id: UUID
    key: str
    filters: str


class UnsubscribeInput(Contract):
    """A task that listens no longer."""

    execution_id: UUID
    key: str


class RecordedAnswerInput(Contract):
    """One output that a retry takes over; `origin` is the execution that computed it and its key there."""

    execution_id: UUID
    origin: str


class RecordedOutputInput(Contract):
    """One whole output that the log of another execution refers to."""

    execution_id: UUID
    reference: str


class UndoEffectInput(Contract):
    """One effect to take back."""

    execution_id: UUID
    owner_id: UUID
    key: str


class ReconcileResult(Contract):
    """What a pass of the reconciler did: executions started, rows closed, rows looked at."""

    started: int
    closed: int
    seen: int
