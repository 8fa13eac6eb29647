"""The child workflows of one run: how many it may have under way, and how the end of one is awaited."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows.language.problems import Kind, WorkflowFault
from workflows.language.steps import COMPENSATING
from workflows.room import Room

Child = workflow.ChildWorkflowHandle[object, Any]
Begun = TypeVar("Begun")

# Beyond 2,000 that are under way in a run, or as many requests to cancel them, the server fails the workflow task, each
# time it is tried again: nothing would end the execution any more, not even its cancellation.
MOST_CHILDREN = 1_000
SPARED_CHILDREN = 500  # more of them, for compensations
CHILD_EVENTS = 10  # of one in the history, beside those of its two local activities


class Children:
    """Those that were begun in this run, whether or not somebody waits for them."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._open = 0

    @property
    def are_many(self) -> bool:
        """A run that could make place for another should: there they are counted anew."""
        return self._open * 2 >= MOST_CHILDREN

    async def begin(
        self, key: str, start: Callable[[], Awaitable[tuple[Begun, Child | None]]]
    ) -> tuple[Begun, Child | None]:
        """What `start` gives, whose child counts until it ends; raises a `WorkflowFault` when there are too many.

        They are not waited for: what they wait for themselves may be what the execution would do next.
        """
        self._room.refuse_endless(key)
        most = MOST_CHILDREN + (SPARED_CHILDREN if key.startswith(COMPENSATING) else 0)
        if self._open >= most:
            detail = f"{most:,} sub-workflows, tutorials and videos of this run are under way, the most at once"
            raise WorkflowFault.of(Kind.RUNTIME, f"{detail}: begin more when some have ended", status=429)
        self._room.events += CHILD_EVENTS
        self._open += 1
        child: Child | None = None
        try:
            begun, child = await start()
        finally:
            if child is None:
                self._ended()
            else:
                child.add_done_callback(self._ended)
        return begun, child

    def _ended(self, _: object = None) -> None:
        self._open -= 1


async def ended(child: Child, *, cancelled: bool) -> tuple[bool, bool]:
    """Wait for the child's end, and pass a cancellation on to it. Whether it completed, and whether there was one."""
    asked = False
    while True:
        if cancelled and not (asked or child.done()):
            asked = child.cancel()  # once: each is a request that counts until it is answered
        try:
            await asyncio.shield(child)
        except asyncio.CancelledError:
            if child.cancelled():
                return False, cancelled
            cancelled = True
        except FailureError:
            return False, cancelled
        else:
            return True, cancelled
