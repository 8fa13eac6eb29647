"""A small HTTP server on loopback that answers with exactly the bytes a test gives it, and remembers who asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Self


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    """Answers by request target, 200 with an empty body by default; then sends `endless` for ever if it is set."""

    url: str = ""
    connections: int = 0
    requests: list[Received] = field(default_factory=list[Received])
    answers: dict[str, bytes] = field(default_factory=dict[str, bytes])
    endless: bytes = b""
    pause: float = 0.0
    sent: int = 0

    @classmethod
    @asynccontextmanager
    async def listening(
        cls, host: str = "127.0.0.1", port: int = 0, tls: SSLContext | None = None
    ) -> AsyncIterator[Self]:
        stand_in = cls()
        server = await asyncio.start_server(stand_in._serve, host, port, ssl=tls)
        stand_in.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
        try:
            yield stand_in
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            received = await _receive(reader)
            self.requests.append(received)
            writer.write(self.answers.get(received.target, message(b"")))
            await writer.drain()
            while self.endless:
                writer.write(self.endless)
                await writer.drain()
                self.sent += len(self.endless)
                await asyncio.sleep(self.pause)
        writer.close()


def message(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An answer as it goes over the wire."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"])
    return f"{head}\r\n\r\n".encode() + body


async def _receive(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, target, headers, body)
