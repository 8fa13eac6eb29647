"""Programs that this process, or those that it started, still run."""

import asyncio
from collections.abc import Callable

import psutil


def encoders(root: int | None = None) -> list[psutil.Process]:
    """Every living ffmpeg below a process, which is this one where none is named."""
    found: list[psutil.Process] = []
    for process in psutil.Process(root).children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and "ffmpeg" in process.name():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


async def until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for what sends no event."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
