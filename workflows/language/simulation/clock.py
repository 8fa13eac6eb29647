"""An event loop whose time is virtual: waits take none, and what would wait for ever is said at once."""

import asyncio
import math
import selectors
from datetime import UTC, datetime
from typing import Any

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # when a simulation begins, unless it is told otherwise
_RESOLUTION = 1e-9


class Standstill(Exception):  # noqa: N818  no error of anybody's: the execution waits for what is outside
    """Everything waits, and nothing that could happen here would end it."""


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: time moves on by what would have been waited."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise Standstill("everything waits and nothing will ever happen")
        self.elapsed += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop of virtual time, which begins at 0 seconds."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        now = self._jumping.elapsed
        # What is due is due before now and this. Of half a year, a nanosecond is less than a float can tell: nothing
        # would ever be due.
        self._clock_resolution = max(_RESOLUTION, math.ulp(now))
        return now
