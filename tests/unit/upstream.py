"""A server behind the gateway: it keeps connections, answers each path as a test tells it, and remembers what came."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Self

import orjson

from tests.waiting import until


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: list[tuple[str, str]]
    size: int
    sha256: str

    def header(self, name: str) -> str | None:
        """Joined with commas, as a server would read it."""
        values = [value for each, value in self.headers if each.lower() == name]
        return ", ".join(values) if values else None


Answer = Callable[[Received, asyncio.StreamWriter], Coroutine[None, None, None]]


@dataclass
class Upstream:
    """Echoes what came as JSON, but where `answers` has another way for the path; `open` requests are under way."""

    url: str = ""
    connections: int = 0
    open: int = 0
    received: list[Received] = field(default_factory=list[Received])
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])

    @classmethod
    @asynccontextmanager
    async def listening(cls, port: int = 0, tls: SSLContext | None = None) -> AsyncIterator[Self]:
        upstream = cls()
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            await upstream._serve(reader, writer)
            tasks.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
        upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield upstream
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, holds: Callable[[Self], bool]) -> None:
        """Wait for what the other side sees."""
        await until(lambda: holds(self))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.open += 1
                try:
                    received = await _read(head, reader)
                    self.received.append(received)
                    answer = self.answers.get(received.target.partition("?")[0], echo)
                    await _while_connected(answer(received, writer), reader)
                    await writer.drain()
                finally:
                    self.open -= 1
        writer.close()


async def _while_connected(answering: Coroutine[None, None, None], reader: asyncio.StreamReader) -> None:
    """Answer for as long as somebody is there to take it: nothing more is sent before the answer is there."""
    answer, gone = asyncio.create_task(answering), asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        answer.cancel()
        await asyncio.gather(answer, gone, return_exceptions=True)


async def echo(received: Received, writer: asyncio.StreamWriter) -> None:
    fields = {"method": received.method, "target": received.target, "headers": received.headers}
    body = orjson.dumps({**fields, "size": received.size, "sha256": received.sha256})
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + (b"" if received.method == "HEAD" else body))


def raw(*pieces: bytes, close: bool = False) -> Answer:
    """Just these bytes."""

    async def answer(_received: Received, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if close:
            writer.close()

    return answer


def text(body: str, status: str = "200 OK", *headers: str) -> Answer:
    lines = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"])
    return raw(f"{lines}\r\n\r\n{body}".encode())


async def _read(head: bytes, reader: asyncio.StreamReader) -> Received:
    first, *lines = head.decode("utf-8", "surrogateescape").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    named = {name.lower(): value for name, value in headers}
    digest, size = hashlib.sha256(), 0
    if named.get("transfer-encoding") == "chunked":
        while length := int(await reader.readline(), 16):
            digest.update(await reader.readexactly(length))
            size += length
            await reader.readexactly(2)
        await reader.readline()
    left = int(named.get("content-length", 0))
    while left:
        piece = await reader.read(min(left, 65_536))
        if not piece:
            raise asyncio.IncompleteReadError(b"", left)
        digest.update(piece)
        size, left = size + len(piece), left - len(piece)
    return Received(method, target, headers, size, digest.hexdigest())
