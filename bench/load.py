"""A small HTTP/1.1 load generator: keep-alive connections that send one request again and again."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Load:
    """What one run measured; times are in milliseconds."""

    seconds: float = 0.0
    failed: int = 0
    times: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)  # when each answer was there, by the clock of time.perf_counter

    def count(self, answer: bytes, since: float) -> None:
        """Count one whole answer."""
        now = time.perf_counter()
        self.ends.append(now)
        if answer[9:10] == b"2":
            self.times.append((now - since) * 1000)
        else:
            self.failed += 1

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def quantile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, load: Load, until: float) -> None:
        self.request, self.load, self.until = request, load, until
        self.buffer = b""
        self.sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.sent = time.perf_counter()
        if self.sent >= self.until:
            self.transport.close()
            return
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not is_whole(self.buffer):
            return
        self.load.count(self.buffer, self.sent)
        self.buffer = b""
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.done.done():
            self.done.set_result(None)


def is_whole(answer: bytes) -> bool:
    """Whether all of an answer is there, which says its length."""
    head, found, body = answer.partition(b"\r\n\r\n")
    return bool(found) and len(body) >= _length(head)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def request(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of one request."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def run(url: str, message: bytes, *, connections: int, seconds: float) -> Load:
    """Send `message` over so many connections for so long."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    load = Load()
    start = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Connection(message, load, start + seconds), host, port)
        for _ in range(connections)
    ]
    await asyncio.wait([protocol.done for _, protocol in made], timeout=seconds + 30)
    load.seconds = time.perf_counter() - start
    return load
