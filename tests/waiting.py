"""Waiting in tests for what sends no event (rows, books of others, processes, sockets), and what runs meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from inspect import isawaitable
from typing import TypeVar, overload

T = TypeVar("T")

# Generous, since such waits are about what happens and not about when: the machine may stand still for a while.
PATIENCE = 60.0
PAUSE = 0.05  # seconds between two looks


@overload
async def until(look: Callable[[], Awaitable[T | None]], *, seconds: float = PATIENCE) -> T: ...
@overload
async def until(look: Callable[[], T | None], *, seconds: float = PATIENCE) -> T: ...
async def until(look: Callable[[], object], *, seconds: float = PATIENCE) -> object:
    """Look again and again until something true is seen, and give it. Raises TimeoutError with the last look."""
    seen: object = None
    limit: asyncio.Timeout | None = None
    try:
        async with asyncio.timeout(seconds) as limit:
            while True:
                seen = look()
                if isawaitable(seen):
                    seen = await seen
                if seen:
                    return seen
                await asyncio.sleep(PAUSE)
    except TimeoutError as error:
        if limit is None or not limit.expired():
            raise  # the look's own
        raise TimeoutError(f"after {seconds:g} s there is still {seen!r}") from error


async def within(looks: int, look: Callable[[], Awaitable[bool]] | Callable[[], bool], *, pause: float) -> None:
    """Of what must come soon: it is seen in so many looks. A machine that stands still costs one of them, however long.

    Raises TimeoutError.
    """
    for _ in range(looks):
        seen = look()
        if await seen if isawaitable(seen) else seen:
            return
        await asyncio.sleep(pause)
    raise TimeoutError(f"not seen in {looks} looks")


@asynccontextmanager
async def beside(work: Coroutine[object, object, object]) -> AsyncGenerator[None]:
    """Work without an end, for as long as the block."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
