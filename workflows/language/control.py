"""What may stop an execution between two tasks: a wish to suspend it, or a history that has grown long."""

from typing import Protocol


class Control(Protocol):
    """Asked before each task, so it must be cheap, and deterministic on replay."""

    @property
    def due(self) -> bool:
        """True when one of the following has to be called."""
        ...

    async def hold(self) -> None:
        """Wait for as long as the execution is suspended."""
        ...

    @property
    def full(self) -> bool:
        """True when the execution should go on in a new run at the next place from which it can."""
        ...

    @property
    def spent(self) -> bool:
        """The same for a rollback, before each undo."""
        ...

    async def settle(self) -> None:
        """Called before a checkpoint: leave nothing under way that a new run would not know of."""
        ...


class Undisturbed:
    """Runs through."""

    due = False
    full = False
    spent = False

    async def hold(self) -> None:
        return

    async def settle(self) -> None:
        return
