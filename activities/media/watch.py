"""What goes on beside a piece of media work: heartbeats that say how far it is, and looks at whether it is wanted."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio import activity

from workflows.video.failures import run_is_over
from zilliance.database import PostgresError
from zilliance.errors import UnavailableError

BEAT_SECONDS = 1.0
LOOK_SECONDS = 3.0  # a video that is deleted tells no workflow of it


@dataclass
class Watch:
    """How far the work has come, from 0 to 1."""

    done: float = 0.0
    is_over: bool = False

    def report(self, done: float) -> None:
        self.done = done


@asynccontextmanager
async def watched(is_open: Callable[[], Awaitable[bool]]) -> AsyncGenerator[Watch]:
    """Tell Temporal how far the block is, and end it as `VideoRunOver` when its run is over."""
    watch, body = Watch(), asyncio.current_task()
    # Two tasks: a database that does not answer must not make a healthy encoder look dead.
    beside = [asyncio.create_task(_beat(watch)), asyncio.create_task(_look(watch, is_open, body))]
    try:
        yield watch
    except asyncio.CancelledError:
        if watch.is_over and body is not None:
            body.uncancel()
            raise run_is_over() from None
        raise
    finally:
        for task in beside:
            task.cancel()


async def _beat(watch: Watch) -> None:
    while True:
        activity.heartbeat({"done": round(watch.done, 3)})
        await asyncio.sleep(BEAT_SECONDS)


async def _look(watch: Watch, is_open: Callable[[], Awaitable[bool]], body: asyncio.Task[object] | None) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if not await _is_wanted(is_open):
            watch.is_over = True
            if body is not None:
                body.cancel()
            return


async def _is_wanted(is_open: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await is_open()
    except (PostgresError, UnavailableError, OSError, TimeoutError):
        return True  # nobody knows just now
