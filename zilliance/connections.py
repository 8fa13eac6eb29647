"""A free list of connections: asyncpg's own pool starts two tasks for each use, which costs more than a small query."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Connection = asyncpg.Connection[asyncpg.Record]
    Connect = Callable[[], Awaitable[Connection]]
else:
    Connection = asyncpg.Connection  # its own class takes no parameters at run time; others import the name


class Connections:
    """Up to `size` connections, dialled when they are needed and kept."""

    def __init__(self, connect: Connect, size: int) -> None:
        self._connect = connect
        self._permits = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    async def take(self, *, seconds: float) -> Connection:
        """A connection that is open and outside a transaction. Raises TimeoutError when none becomes free in time.

        The one given back last is taken first: its statements are prepared and its server process is warm.
        """
        async with asyncio.timeout(seconds):
            await self._permits.acquire()
            try:
                while self._idle:
                    connection = self._idle.pop()
                    if not connection.is_closed():
                        return connection
                return await self._connect()
            except BaseException:
                self._permits.release()
                raise

    def give_back(self, connection: Connection) -> None:
        """Keep the connection for the next; one in an unknown state is cut off, and its transaction with it."""
        self._permits.release()
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append(connection)

    async def close(self) -> None:
        """Close what is idle; what is in use is cut off when it is given back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()
