"""A way to PostgreSQL that a test can cut: a relay on a port of its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from zilliance.settings import DatabaseSettings


@dataclass
class BrokenWay:
    """While it is cut, connections end at once, and new ones find nobody's answer."""

    target: DatabaseSettings
    settings: DatabaseSettings
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _is_cut: bool = False
    _tried: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def to(cls, target: DatabaseSettings) -> AsyncGenerator[Self]:
        way = cls(target, target)
        server = await asyncio.start_server(way._relay, "127.0.0.1", 0)
        way.settings = target.model_copy(update={"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1]})
        async with server:
            yield way
            await way.cut()

    async def cut(self) -> None:
        self._is_cut = True
        for writer in self._open:
            writer.close()

    async def mend(self) -> None:
        self._is_cut = False

    async def was_tried(self) -> None:
        """Come back when somebody came while it was cut."""
        async with asyncio.timeout(60):
            await self._tried.wait()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            self._tried.set()
            writer.close()
            return
        there_reader, there = await self._connect()
        self._open |= {writer, there}
        await asyncio.gather(_copy(reader, there), _copy(there_reader, writer))
        self._open -= {writer, there}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.target.host.startswith("/"):
            return await asyncio.open_unix_connection(Path(self.target.host) / f".s.PGSQL.{self.target.port}")
        return await asyncio.open_connection(self.target.host, self.target.port)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
