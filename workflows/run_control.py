"""When an execution stops between two tasks: somebody suspended it, or it is to go on in a new run."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio import workflow

from workflows.phases import Phases
from workflows.temporal_effects import TemporalEffects

# Temporal suggests a new run at 4,096 events, which it counts when a workflow task begins.
USUAL_EVENTS = 6_000

# Before a run whose state is too large to be handed over tries again, in events.
PATIENCE = 5_000


# Asked where a run does not say by its engine what it knows: before this, a rollback was all in one run.
PATCH = "rollback-in-runs"

# Outputs that the log has no room for are held in memory up to here, before they are kept beside it.
MOST_HELD = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Keeping:
    """Outputs that the log has no room for: how many bytes are held, and how they are kept."""

    held: Callable[[], int]
    keep: Callable[[], Awaitable[None]]


class RunControl:
    """The interpreter's `Control` on Temporal.

    Attributes:
        suspended: wanted by somebody; it takes effect between two tasks.
    """

    def __init__(
        self, effects: TemporalEffects, outputs: Keeping, *, events_a_run: int, suspended: bool, engine: int
    ) -> None:
        self._effects = effects
        self._outputs = outputs
        self._events_a_run = events_a_run or USUAL_EVENTS
        self._engine = engine
        self._not_before = 0
        self._cancelled = False
        self.suspended = False
        if suspended:
            self.suspend()

    def suspend(self) -> None:
        self.suspended = True
        self._phases.wish(suspended=True)

    def resume(self) -> None:
        self.suspended = False
        self._phases.wish(suspended=False)

    def cancel(self) -> None:
        """A cancellation came before there was a task to hear of it."""
        self._cancelled = True

    @property
    def due(self) -> bool:
        wanted = self._cancelled or self.suspended
        return wanted or self._outputs.held() > MOST_HELD or (self._effects.acted and self.full)

    async def hold(self) -> None:
        if self._cancelled:
            self._cancelled = False
            raise asyncio.CancelledError
        if self._outputs.held() > MOST_HELD:
            await self._outputs.keep()
        if not self.suspended:
            return
        with self._phases.held():
            await workflow.wait_condition(lambda: not self.suspended)

    @property
    def full(self) -> bool:
        return self._is_full(self._effects.length)

    @property
    def spent(self) -> bool:
        done = self._effects.undone
        return done > 0 and self._is_full(done) and (self._engine > 0 or workflow.patched(PATCH))

    def _is_full(self, length: int) -> bool:
        if length < self._not_before:
            return False
        if length >= self._events_a_run or self._effects.is_crowded:
            return True
        return workflow.info().is_continue_as_new_suggested()

    def postpone(self) -> None:
        """The state could not be handed over: go on here, as long as this run can."""
        self._not_before = max(self._effects.length, self._effects.undone) + PATIENCE

    async def settle(self) -> None:
        await self._effects.settle()
        await self._outputs.keep()
        # The end of a run is refused when something has just come for it, and its last stretch is then done again, with
        # what came at its beginning. Local activities that nobody has heard of yet must not be a part of that: a
        # cancellation would undo what the workflow knows, which they would not be.
        await self._effects.flush()
        await workflow.wait_condition(workflow.all_handlers_finished)

    @property
    def _phases(self) -> Phases:
        return self._effects.phases
