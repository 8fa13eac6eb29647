"""How long one exchange waits for whom: a single timer that is set anew at each step, and knows what was waited for."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from starlette.types import Receive

from zilliance.errors import AppError

# A caller who goes away is looked for only now: most exchanges are over by then, and need no task for it.
_BEFORE_LOOKING = 0.05


class Waiting(Enum):
    """For what an exchange waits."""

    REQUEST = auto()  # more of the caller's body
    ANSWER = auto()  # the first byte of the target's answer
    MORE = auto()  # another one
    READER = auto()  # the caller, to take what came
    DEPARTED = auto()  # nothing: the caller has gone


class Patience:
    """The timer of an exchange, to be used with the `asyncio.timeout` around it."""

    __slots__ = ("_is_over", "_last", "_limit", "_loop", "waiting")

    def __init__(self, limit: asyncio.Timeout, seconds: float) -> None:
        """Take `seconds` for the whole of it."""
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._last = self._loop.time() + seconds
        self.waiting = Waiting.ANSWER
        self._is_over = False

    def wait(self, waiting: Waiting, seconds: float) -> None:
        """From now on so long for this."""
        if self.waiting is not Waiting.DEPARTED:
            self.waiting = waiting
            self._set(min(self._loop.time() + seconds, self._last))

    def end(self) -> None:
        """The caller has gone: whatever is done for him ends."""
        self.waiting = Waiting.DEPARTED
        self._set(self._loop.time())

    def close(self) -> None:
        """The exchange is over; what still winds up sets no timer any more."""
        self._is_over = True

    def _set(self, when: float) -> None:
        if not (self._is_over or self._limit.expired()):
            self._limit.reschedule(when)


class Departure:
    """Ends an exchange whose caller has gone."""

    __slots__ = ("_handle", "_is_read", "_loop", "_patience", "_receive", "_task")

    def __init__(self, receive: Receive, patience: Patience, is_read: Callable[[], bool]) -> None:
        """Look for it as soon as the body `is_read`: before, who reads it finds out."""
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self._patience = patience
        self._is_read = is_read
        self._task: asyncio.Task[None] | None = None
        self._handle = self._loop.call_later(_BEFORE_LOOKING, self._look)

    def close(self) -> None:
        self._handle.cancel()
        if self._task is not None:
            self._task.cancel()

    def _look(self) -> None:
        if self._is_read():
            self._task = self._loop.create_task(self._wait())
        else:
            self._handle = self._loop.call_later(_BEFORE_LOOKING, self._look)

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._patience.end()


class DepartedError(AppError):
    """The caller went away before the answer was complete: nobody reads this, but the log."""

    status = 499
    code = "CALLER_DEPARTED"

    def __init__(self) -> None:
        super().__init__("The caller went away")
