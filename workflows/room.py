"""The room that Temporal has for one run: in its history, in one message, and for activities at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel
from temporalio import workflow

from workflows import options
from workflows.faults import result_of
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.steps import COMPENSATING
from workflows.stubs import PauseActivities

Result = TypeVar("Result")

# One completion of a workflow task is one gRPC message of 4 MB at most, and carries every local result and every
# request since the last one: the small ones as they are, the large ones as references. Nothing new starts above the
# first number before that is sent; then one request, and the results of the local activities under way, still fit.
FLUSH_BYTES = 768 * 1024
LOCAL_AT_ONCE = 4
OVERHEAD_BYTES = 1024  # of any command beside its values
_REFERENCE_BYTES = 64 * 1024  # from here on the value is elsewhere (zilliance/payloads.py)

# Beyond 2,000 that are under way in a run the server fails the workflow task, each time it is tried again.
ACTIVITIES_AT_ONCE = 1_000

# The server ends a workflow at 51,200 events or 50 MB; stopping before leaves room for the rollback.
MOST_EVENTS = 40_000
LOCAL_EVENTS, ACTIVITY_EVENTS = 1, 6  # at most, with the workflow tasks that they bring
MOST_BYTES = 40 * 1024 * 1024


class Room:
    """What one run has taken of it so far.

    Attributes:
        events: of its history, about, by what was done in it.
    """

    def __init__(self) -> None:
        self.events = 0
        self._unsent = 0
        self._local = asyncio.Semaphore(LOCAL_AT_ONCE)
        self._regular = asyncio.Semaphore(ACTIVITIES_AT_ONCE)
        self._starting = asyncio.Lock()

    @property
    def length(self) -> int:
        """Events of this run's history, with those that are not sent yet, about.

        While local activities follow each other, Temporal hears of none of them for up to eight seconds.
        """
        return max(self.events, workflow.info().get_current_history_length())

    def refuse_endless(self, key: str) -> None:
        """Raise a fault while the history still has room for the rollback, whose own calls are never refused."""
        if key.startswith(COMPENSATING):
            return
        if self.length > MOST_EVENTS or workflow.info().get_current_history_size() > MOST_BYTES:
            raise WorkflowFault.of(Kind.RUNTIME, "the execution did too much for one run: split it into several")

    async def locally(self, start: Callable[[], Awaitable[Result]]) -> Result:
        """What a local activity answers, which has only so many beside it."""
        async with self._local:
            await self.make(OVERHEAD_BYTES)
            self.events += LOCAL_EVENTS
            result = await result_of(start())
            self._unsent += travelling(_size_of(result))
        return result

    async def regularly(self, start: Callable[[], Awaitable[Result]], size: int) -> Result:
        """What a regular activity answers, whose request has this size in the message."""
        async with self._regular:
            await self.make(size)
            self.events += ACTIVITY_EVENTS
            return await result_of(start())

    async def make(self, size: int) -> None:
        """Before something starts, send what has piled up when it comes near the size of a message."""
        async with self._starting:
            if self._unsent > 0 and self._unsent + size > FLUSH_BYTES:
                sending = self._unsent
                await self.flush()
                self._unsent -= sending
            self._unsent += size

    async def flush(self) -> None:
        """Have all that was done so far recorded."""
        await result_of(workflow.execute_activity_method(PauseActivities.breathe, **options.FLUSH))


def travelling(size: int) -> int:
    """Bytes of a value in the message."""
    return size if size < _REFERENCE_BYTES else OVERHEAD_BYTES


def _size_of(result: object) -> int:
    text = result.model_dump_json() if isinstance(result, BaseModel) else result
    return len(text.encode()) if isinstance(text, str) else 0
