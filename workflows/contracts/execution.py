"""What travels between the API, the workflow and the activities of one execution.

Values of users travel as JSON text: their depth, numbers and characters then stay what PostgreSQL made of them,
whatever a serializer in between could do.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from zilliance.enums import ExecutionStatus


class Contract(BaseModel):
    """Contracts only grow: a new field has a default, and an unknown one is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ExecuteWorkflowInput(Contract):
    """One execution to run.

    Attributes:
        document: the definition's `config` as JSON text; None when it is too large to travel, and then loaded.
        trigger_data: the input as JSON text; None together with `document`.
        started_at: when the execution's row was inserted.
    """

    execution_id: UUID
    owner_id: UUID
    definition_id: UUID
    version: int
    name: str
    document: str | None = None
    trigger_data: str | None = None
    started_at: datetime


class ExecutionSummary(Contract):
    """How an execution ended; its row has the rest."""

    status: ExecutionStatus
    tasks: int


class FinishExecutionInput(Contract):
    """The end of an execution, all of which goes to its row. `result`, `error` and `tasks` are JSON text."""

    execution_id: UUID
    status: ExecutionStatus
    result: str | None = None
    error: str | None = None
    error_message: str | None = None
    tasks: str = "[]"


class FunctionCallInput(Contract):
    """One call of a table function. `arguments` is the JSON text of its `with` map."""

    execution_id: UUID
    owner_id: UUID
    key: str
    name: str
    arguments: str


class UndoEffectInput(Contract):
    """One effect to take back."""

    execution_id: UUID
    owner_id: UUID
    key: str


class HttpCallInput(Contract):
    """One HTTP request of a task.

    Attributes:
        idempotency_key: sent as `Idempotency-Key`, the same for every attempt of this call.
        body: JSON text, or None for no body.
        timeout: seconds for the whole exchange.
        output: `content`, `raw` or `response`.
    """

    idempotency_key: str
    method: str
    endpoint: str
    headers: dict[str, str] = {}
    query: dict[str, str | list[str]] = {}
    body: str | None = None
    output: str = "content"
    redirect: bool = False
    timeout: float


class ReconcileResult(Contract):
    """What a pass of the reconciler did: executions started, rows closed, rows looked at."""

    started: int
    closed: int
    seen: int
