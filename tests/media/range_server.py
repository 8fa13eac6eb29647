"""A small S3 store: objects by ranged GET, as an inspection reads them, and the faults that a store may have."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass
class RangeServer:
    """Files by name; `answers` has whole answers by target, which are sent instead.

    Attributes:
        ranges: that were asked for, in order.
        drops: so many requests are answered by hanging up.
    """

    files: Mapping[str, Path]
    url: str = ""
    connections: int = 0
    ranges: list[str] = field(default_factory=list[str])
    sent: int = 0
    hosts: set[str] = field(default_factory=set[str])
    answers: dict[str, bytes] = field(default_factory=dict[str, bytes])
    drops: int = 0

    @classmethod
    @asynccontextmanager
    async def listening(cls, **files: Path) -> AsyncIterator[Self]:
        server = cls(files)
        listener = await asyncio.start_server(server._serve, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield server
        finally:
            listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if self.drops:
                    self.drops -= 1
                    break
                writer.write(self._answer(head))
                await writer.drain()
        writer.close()

    def _answer(self, head: str) -> bytes:
        target = head.split(" ", 2)[1]
        asked = re.search(r"range: bytes=(\d+)-(\d+)", head, re.IGNORECASE)
        host = re.search(r"host: (\S+)", head, re.IGNORECASE)
        self.hosts.add(host[1] if host else "")
        whole = self.answers.get(target)
        if whole is not None or asked is None:
            return whole or answer("400 Bad Request")
        self.ranges.append(asked[0])
        path = self.files[target.partition("?")[0].strip("/").partition(".")[0]]
        size = path.stat().st_size
        first, last = int(asked[1]), min(int(asked[2]), size - 1)
        if first >= size:
            return answer("416 Range Not Satisfiable", f"Content-Range: bytes */{size}")
        with path.open("rb") as file:
            file.seek(first)
            part = file.read(last + 1 - first)
        self.sent += len(part)
        return answer("206 Partial Content", f"Content-Range: bytes {first}-{last}/{size}", body=part)


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
