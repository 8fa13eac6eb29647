"""The worker's answer to a supervisor: `GET /readyz`, 200 while it polls and 503 before and after."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

_READ_SECONDS = 5.0
_LONGEST_REQUEST = 8192


@asynccontextmanager
async def health_server(host: str, port: int, ready: Callable[[], bool]) -> AsyncGenerator[None]:
    """Serve the answer while the block runs; nothing with port 0."""
    if port == 0:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_response(head, ready=ready()))
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a caller that went away or is not HTTP gets no answer
        finally:
            writer.close()

    async with await asyncio.start_server(answer, host, port, limit=_LONGEST_REQUEST):
        yield


def _response(head: bytes, *, ready: bool) -> bytes:
    path = head.split(b" ", 2)[1] if head.count(b" ") > 1 else b""
    if path not in (b"/readyz", b"/healthz"):
        status, body = b"404 Not Found", b'{"error":"No such path","code":"NOT_FOUND","details":{}}'
    elif path == b"/readyz" and not ready:
        status, body = b"503 Service Unavailable", b'{"status":"starting"}'
    else:
        status, body = b"200 OK", b'{"status":"ok"}'
    length = str(len(body)).encode()
    return (
        b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: " + length
        + b"\r\nConnection: close\r\n\r\n" + body
    )  # fmt: skip
