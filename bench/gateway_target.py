"""What the gateway is measured in front of: `python -m bench.gateway_target` prints its port and serves.

It does as little as it can, so that what is measured is the way to it.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

SMALL = b'{"items": [' + b", ".join(b'{"id": %d, "name": "a thing"}' % number for number in range(25)) + b"]}"
BULK_BYTES = 100 * 1024 * 1024
_PIECE = b"x" * 65_536


async def _small(writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(SMALL), SMALL)
    )


async def _events(writer: asyncio.StreamWriter) -> None:
    """Two events, each with the time at which it left, and a pause between them."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(2):
        event = b"data: %.6f\n\n" % time.perf_counter()
        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        await writer.drain()
        await asyncio.sleep(0.05)
    writer.write(b"0\r\n\r\n")


async def _bulk(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BULK_BYTES)
    for _ in range(BULK_BYTES // len(_PIECE)):
        writer.write(_PIECE)
        await writer.drain()


_ANSWERS: dict[bytes, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {b"/events": _events, b"/bulk": _bulk}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = head.split(b" ", 2)
            if method == b"POST":
                await _swallow(reader, head)
            await (_small if method == b"POST" else _ANSWERS.get(path, _small))(writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def _swallow(reader: asyncio.StreamReader, head: bytes) -> None:
    lines = head.lower().split(b"\r\n")
    left = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    while left:
        left -= len(await reader.read(min(left, len(_PIECE))))


async def main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
