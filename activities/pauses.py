"""Waits that are too short for a timer on some servers."""

import asyncio

from temporalio import activity

from workflows.stubs import PauseActivities


class ClockPauseActivities(PauseActivities):
    """Pauses on the event loop."""

    @activity.defn(name="pause.sleep")
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @activity.defn(name="pause.breathe")
    async def breathe(self) -> None:
        """Nothing to do: that it was called is the point."""
