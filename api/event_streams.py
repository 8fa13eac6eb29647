"""Server-sent events: how one is written, and how an endpoint answers with a stream of them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Response
from fastapi.responses import StreamingResponse

STILL_THERE = b": still there\n\n"  # no event: it keeps the connection, and finds out when there is none any more

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(kind: str, data: bytes, identity: str | int | None = None) -> bytes:
    """One event. `data` is JSON on one line; `identity` is what a reader who was cut off comes back with."""
    head = "" if identity is None else f"id: {identity}\n"
    return f"{head}event: {kind}\ndata: ".encode() + data + b"\n\n"


async def answer(events: AsyncGenerator[bytes]) -> Response:
    """Stream what comes; 204 when nothing does. What the first step raises is answered with its own status."""
    first = await anext(events, None)
    if first is None:
        return Response(status_code=204)
    return StreamingResponse(_behind(first, events), headers=_HEADERS, media_type="text/event-stream")


async def _behind(first: bytes, events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        yield first
        async for each in events:
            yield each
