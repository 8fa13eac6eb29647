"""Bodies that are too large or too slow are refused while they come in."""

import asyncio
import sys
from contextlib import suppress

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.envelopes import MULTIPART, is_for_gateway, render
from zilliance.errors import AppError, InvalidInputError, TooLargeError

MIB = 1024 * 1024
MAX_BODY = 10 * MIB
UNBOUNDED = sys.maxsize
# Files are bounded by their bucket, while they come in; of files that go to the store itself, only JSON comes here.
MAX_BODY_BY_PREFIX = {
    "/auth/v1/": MIB,
    "/hooks/v1/": MIB,
    "/video/v1/play/": 64 * 1024,
    "/storage/v1/object/": UNBOUNDED,
    MULTIPART: 4 * MIB,
    "/storage/v1/upload/": UNBOUNDED,
}
MAX_DISCARDED = 4 * MAX_BODY
DISCARD_SECONDS = 10.0
CHUNK_SECONDS = 30.0  # how long a sender may be silent in the middle of a body

_BODILESS = frozenset({"GET", "HEAD"})


class BodyGuard:
    """Counts what is read and limits the wait for more. What nobody reads costs nothing."""

    def __init__(self, app: ASGIApp, *, chunk_seconds: float = CHUNK_SECONDS) -> None:
        self._app = app
        self._chunk_seconds = chunk_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The gateway counts for itself: what it passes on may stop and go on in both directions at once.
        if scope["type"] != "http" or scope["method"] in _BODILESS or is_for_gateway(scope["path"]):
            await self._app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        fault = _announced(scope, limit)
        if fault is not None:
            await self._discard(receive)
            await render(Request(scope), fault)(scope, receive, send)
            return
        left = limit
        complete = False

        async def receive_bounded() -> Message:
            nonlocal left, complete
            if complete:
                return await receive()
            message = await self._next(receive)
            complete = not message.get("more_body", False)
            left -= len(message.get("body", b""))
            if left < 0:
                if not complete:
                    await self._discard(receive)
                raise _too_large(limit)
            return message

        async def send_when_read(message: Message) -> None:
            nonlocal complete
            if not complete and message["type"] == "http.response.start":
                await self._discard(receive)
                complete = True
            await send(message)

        await self._app(scope, receive_bounded, send_when_read if limit == UNBOUNDED else send)

    async def _discard(self, receive: Receive) -> None:
        """Read on for a while: who is cut off in the middle of sending never sees the answer."""
        left = MAX_DISCARDED
        with suppress(TimeoutError, AppError):
            async with asyncio.timeout(DISCARD_SECONDS):
                while left > 0:
                    message = await self._next(receive)
                    if not message.get("more_body", False):
                        return
                    left -= len(message["body"])

    async def _next(self, receive: Receive) -> Message:
        try:
            async with asyncio.timeout(self._chunk_seconds):
                return await receive()
        except TimeoutError as error:
            raise AppError(
                f"No more of the body came for {self._chunk_seconds:g} seconds", status=408, code="REQUEST_TIMEOUT"
            ) from error


def _limit(path: str) -> int:
    for prefix, limit in MAX_BODY_BY_PREFIX.items():
        if path.startswith(prefix):
            return limit
    return MAX_BODY


def _announced(scope: Scope, limit: int) -> AppError | None:
    """What is wrong with the length that the headers say."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit():
                return InvalidInputError("Content-Length is not a number", code="INVALID_HEADERS")
            return _too_large(limit) if int(value[:20]) > limit else None
    return None


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {limit} bytes", headers={"Connection": "close"})
