"""What the row of an open execution says: that it runs, waits or is suspended, written when this changes."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from temporalio import workflow
from zilliance.enums import ExecutionPhase

from workflows import options
from workflows.contracts.execution import PhaseInput
from workflows.language.concurrency import begin
from workflows.stubs import LongExecutionActivities

if TYPE_CHECKING:
    import asyncio

# Asked where a run does not say by its engine what it knows: histories from before this know nothing of it.
PATCH = "phases"


class Phases:
    """Writes the phase beside what else goes on: nobody waits for it but the end of the run."""

    def __init__(self, execution_id: UUID, *, engine: int) -> None:
        self._execution_id = execution_id
        self._engine = engine
        self._written = ExecutionPhase.RUNNING
        self._waits = 0
        self._held = 0
        self._wished = False
        self._writing: asyncio.Task[None] | None = None
        self._under_way = False

    @property
    def current(self) -> ExecutionPhase:
        """Suspended from the wish on when nothing but waits is under way; running until then."""
        if self._held or (self._wished and self._waits):
            return ExecutionPhase.SUSPENDED
        return ExecutionPhase.WAITING if self._waits else ExecutionPhase.RUNNING

    @contextmanager
    def waiting(self) -> Generator[None]:
        """While a task waits for a time or for something from outside."""
        self._waits += 1
        self._changed()
        try:
            yield
        finally:
            self._waits -= 1
            self._changed()

    @contextmanager
    def held(self) -> Generator[None]:
        """While the execution stands between two tasks."""
        self._held += 1
        self._changed()
        try:
            yield
        finally:
            self._held -= 1
            self._changed()

    def wish(self, *, suspended: bool) -> None:
        """Somebody wants it suspended, or to go on."""
        self._wished = suspended
        self._changed()

    async def settle(self) -> None:
        """Come back when the row says what is so, and nothing is under way that would change it."""
        if self._writing is None:
            return
        # A change that was overtaken is under way although the row says what is so. Its answer may not come behind the
        # end of the run: Temporal refuses such an end, and the last stretch would be done again ten seconds later.
        if self._under_way and self._engine:
            await workflow.wait_condition(lambda: self._writing_ended or not self._under_way)
        await workflow.wait_condition(lambda: self._writing_ended or self.current is self._written)

    def _changed(self) -> None:
        # Begun at a first change and never at an end: what ends may be the run's place in this process.
        if self._writing is None and self.current is not self._written:
            self._writing = begin(self._write())

    @property
    def _writing_ended(self) -> bool:
        return self._writing is None or self._writing.done()

    async def _write(self) -> None:
        """Keep the row true; what comes and goes at one moment is not written at all."""
        if not self._engine and not workflow.patched(PATCH):
            return
        while True:
            phase = self.current
            if phase is self._written:
                await workflow.wait_condition(lambda: self.current is not self._written)
                continue
            change = PhaseInput(execution_id=self._execution_id, phase=phase)
            self._under_way = True
            await workflow.execute_local_activity_method(LongExecutionActivities.show_phase, change, **options.ROW)
            self._under_way = False
            self._written = phase
