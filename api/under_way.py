"""Requests that may last for long: when the process stops, they have a while to end themselves, and then are ended."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from zilliance.errors import StoppingError

# With what is done after them, less than supervisors wait before they kill: ours 8 s, those of containers 10 s.
LEFT_SECONDS = 3.0


class UnderWay:
    """Those of this process."""

    def __init__(self, left_seconds: float = LEFT_SECONDS) -> None:
        self._left_seconds = left_seconds
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_over = False

    @contextmanager
    def one(self) -> Generator[None]:
        """One more for as long as the block runs. Raises StoppingError when the process does not wait for its end."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in one
        if self._is_over:
            raise StoppingError
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._is_over:
                raise
            task.uncancel()
            raise StoppingError from None
        finally:
            self._tasks.discard(task)

    def stop(self) -> None:
        """Begin to stop; comes back at once."""
        asyncio.get_running_loop().call_later(self._left_seconds, self._end)

    def _end(self) -> None:
        self._is_over = True
        for task in tuple(self._tasks):
            task.cancel()
