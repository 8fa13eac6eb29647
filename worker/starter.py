"""Keeps starting what was accepted and is due, within seconds of whatever kept its acceptor from it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from activities.starts import PAGE, ExecutionStarts
from activities.video_starts import VideoStarts
from worker.resources import Resources
from zilliance.database import PostgresError
from zilliance.errors import AppError

PAUSE_SECONDS = 0.5
LONGEST_PAUSE = 5.0

log = logging.getLogger(__name__)


async def keep_starting(resources: Resources) -> None:
    """Look for due starts of executions and of the processing of videos, until cancelled."""
    await asyncio.gather(
        _keep(ExecutionStarts(resources.database, resources.client).start_due, "executions"),
        _keep(VideoStarts(resources.database, resources.client).start_due, "videos"),
    )


async def _keep(start_due: Callable[[], Awaitable[int]], what: str) -> None:
    """At once again while there are many, half a second later otherwise."""
    pause = PAUSE_SECONDS
    while True:
        try:
            taken = await start_due()
            pause = 0.0 if taken == PAGE else PAUSE_SECONDS
        except (AppError, PostgresError, OSError, TimeoutError) as error:
            log.warning("accepted %s cannot be started: %s", what, error)
            pause = min(max(pause, PAUSE_SECONDS) * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)
