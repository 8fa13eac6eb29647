"""What workflows ask of the world, as abstract activity classes; `activities` has the implementations."""

from abc import ABC, abstractmethod
from uuid import UUID

from temporalio import activity

from workflows.contracts.execution import (
    FinishExecutionInput,
    FunctionCallInput,
    HttpCallInput,
    ReconcileResult,
    UndoEffectInput,
)
from workflows.contracts.upkeep import SweepResult


class ExecutionActivities(ABC):
    """The row of an execution."""

    @abstractmethod
    @activity.defn(name="execution.load")
    async def load(self, execution_id: UUID) -> bytes:
        """The document and the input as zlib of their JSON texts with a NUL between: small, and exact."""

    @abstractmethod
    @activity.defn(name="execution.enter")
    async def enter(self, execution_id: UUID) -> None:
        """The row says `running`."""

    @abstractmethod
    @activity.defn(name="execution.finish")
    async def finish(self, end: FinishExecutionInput) -> None:
        """The row says how it ended; the first end wins."""


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


class CallActivities(ABC):
    """Calls to the outside."""

    @abstractmethod
    @activity.defn(name="call.http")
    async def http(self, call: HttpCallInput) -> str:
        """Send one request; the task's raw output as JSON text."""


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


class UpkeepActivities(ABC):
    """Housekeeping on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.reconcile-executions")
    async def reconcile_executions(self) -> ReconcileResult:
        """Start what was committed but not started; close rows whose workflow ended without them."""


class StorageUpkeepActivities(ABC):
    """Housekeeping of objects' bytes on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.sweep-objects")
    async def sweep_objects(self) -> SweepResult:
        """Delete the bytes that are no object's, for as long as any are due."""
