"""Load at a steady rate, as many callers who do not know of each other make it: a slow answer holds nobody back."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

from bench.load import Load, is_whole


class _Line(asyncio.Protocol):
    """A connection and the request on it."""

    def __init__(self, load: Load, freed: Callable[["_Line"], None]) -> None:
        self.load, self.freed = load, freed
        self.buffer = b""
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self.transport = transport

    def send(self, message: bytes, since: float) -> None:
        self.since, self.buffer = since, b""
        self.transport.write(message)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if is_whole(self.buffer):
            self.load.count(self.buffer, self.since)
            self.freed(self)


async def paced(url: str, message: bytes, *, rate: float, seconds: float, connections: int = 64) -> Load:
    """Send `message` so often a second. A request that finds no connection free waits, and its wait counts."""
    parts = urlsplit(url)
    load, waiting = Load(), deque[float]()
    free: list[_Line] = []

    def freed(line: _Line) -> None:
        if waiting:
            line.send(message, waiting.popleft())
        else:
            free.append(line)

    loop = asyncio.get_running_loop()
    for _ in range(connections):
        _, line = await loop.create_connection(
            lambda: _Line(load, freed), parts.hostname or "127.0.0.1", parts.port or 80
        )
        free.append(line)
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        if free:
            free.pop().send(message, time.perf_counter())
        else:
            waiting.append(due)
    async with asyncio.timeout(30):
        while len(free) < connections:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    load.seconds = time.perf_counter() - start
    for line in free:
        line.transport.close()
    return load
