"""Heartbeats beside a long call, so that Temporal notices a dead worker within seconds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from temporalio import activity

PERIOD_SECONDS = 5.0


@asynccontextmanager
async def heartbeating() -> AsyncGenerator[None]:
    """Send heartbeats while the block runs; nothing in a local activity, which has none."""
    if activity.info().is_local:
        yield
        return
    beating = asyncio.create_task(_beat())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(PERIOD_SECONDS)
