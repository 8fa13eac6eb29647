"""What travels about executions that executions begin."""

from typing import ClassVar
from uuid import UUID

from workflows.contracts.execution import Contract


class SubWorkflowInput(Contract):
    """A definition to run for a task.

    Attributes:
        key: of the task: a repeat finds what was begun before.
        input: JSON text.
        waits: its parent undoes it, so what it has done is remembered.
    """

    execution_id: UUID
    owner_id: UUID
    key: str
    namespace: str
    name: str
    version: str
    input: str
    waits: bool


class RollBackInput(Contract):
    """A completed execution to undo. `cause` is JSON text: why."""

    execution_id: UUID
    cause: str | None = None


class RollBackResult(Contract):
    """How that went: none, completed or partial, and the steps that failed, by reference."""

    status: str
    failed: tuple[str, ...] = ()


class RolledBackInput(Contract):
    """The end of a rollback, for the row: `tasks` is JSON text, `status` how it went."""

    stays_local: ClassVar[bool] = True

    execution_id: UUID
    status: str
    tasks: str
