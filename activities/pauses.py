"""Waiting that is shorter than a timer of the server can be."""

import asyncio

from temporalio import activity

from workflows.stubs import PauseActivities

# Executions that compute for long share the process with all others: where more than these come for breath at the same
# time, they are let go one by one, each when the one before has about done its stretch.
COMPUTING_AT_ONCE = 2
STRETCH_SECONDS = 0.1


class ClockPauseActivities(PauseActivities):
    """Pauses on the event loop."""

    def __init__(self) -> None:
        self._breathing = 0
        self._turn = asyncio.Lock()

    @activity.defn(name="pause.sleep")
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @activity.defn(name="pause.breathe")
    async def breathe(self) -> None:
        """That it was called is the point; in a crowd it is also a queue."""
        self._breathing += 1
        try:
            async with self._turn:
                if self._breathing >= COMPUTING_AT_ONCE:
                    await asyncio.sleep(STRETCH_SECONDS)
        finally:
            self._breathing -= 1
