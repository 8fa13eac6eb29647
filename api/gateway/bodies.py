"""The body of a request on its way through: counted, waited for so long, and never held as a whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.types import Receive

from api.gateway.calls import Call, RawHeaders
from api.gateway.patience import Patience, Waiting
from zilliance.errors import AppError, InvalidInputError, TooLargeError
from zilliance.gateway_settings import GatewaySettings

# What is as small as this is read first: it can be sent again, and needs no task that writes it.
_SMALL = 16_384
_MOST_DISCARDED = 16 * 1024 * 1024
_DISCARD_SECONDS = 5.0


class CallerBody:
    """A body that is still coming in.

    Attributes:
        is_answered: the timer is no longer its own.
        fault: why it could not be read to its end.
    """

    __slots__ = ("_call", "_patience", "_receive", "_seconds", "_settings", "fault", "is_answered")

    def __init__(
        self, receive: Receive, call: Call, patience: Patience, settings: GatewaySettings, seconds: float
    ) -> None:
        """Take a body; `seconds` is what its target has for an answer, from the last piece of it on."""
        self._receive = receive
        self._call = call
        self._patience = patience
        self._settings = settings
        self._seconds = seconds
        self.is_answered = False
        self.fault: AppError | None = None

    @property
    def is_small(self) -> bool:
        return self._call.length is not None and self._call.length <= _SMALL

    async def read(self) -> bytes:
        """All of it, of a small one. Raises AppError."""
        pieces: list[bytes] = []
        while not self._call.is_read:
            pieces.append(await self._next())
        return b"".join(pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        """It, as it comes. Raises AppError, which is kept as `fault`, too: the client wraps what it is told."""
        while not self._call.is_read:
            piece = await self._next()
            if piece:
                yield piece

    async def _next(self) -> bytes:
        if not self.is_answered:
            self._patience.wait(Waiting.REQUEST, self._settings.idle_seconds)
        self._call.is_receiving = True
        try:
            message = await self._receive()
        finally:
            self._call.is_receiving = False
        if not self.is_answered:
            self._patience.wait(Waiting.ANSWER, self._seconds)
        if message["type"] == "http.disconnect":
            self._call.is_read = True
            self.fault = _broken_off()
            raise self.fault
        piece: bytes = message.get("body", b"")
        self._call.is_read = not message.get("more_body", False)
        self._call.sent += len(piece)
        if self._call.sent > self._settings.max_request_bytes:
            self.fault = TooLargeError(f"The body is larger than {self._settings.max_request_bytes} bytes")
            raise self.fault
        return piece


def _broken_off() -> AppError:
    """The server does not tell a caller who went away from one who is there and sends chunks that are none."""
    return InvalidInputError("The body broke off, or its chunks are out of order", code="BODY_BROKEN_OFF")


def announced_length(headers: RawHeaders, method: str, limit: int) -> int | None:
    """The length of a request's body; None when it comes in chunks. Raises AppError for what cannot be passed on."""
    length: int | None = 0
    for name, value in headers:
        if name == b"content-length":
            if not value.isdigit():
                raise InvalidInputError("Content-Length is not a number", code="INVALID_HEADERS")
            length = int(value[:20])
        elif name == b"transfer-encoding":
            if value.strip().lower() != b"chunked":
                raise InvalidInputError("Transfer-Encoding may be chunked and nothing else", code="INVALID_HEADERS")
            length = None
    if length != 0 and method in {"GET", "HEAD"}:
        raise InvalidInputError(f"A {method} request has no body here: send it with POST", code="BODY_NOT_ALLOWED")
    if length is not None and length > limit:
        raise TooLargeError(f"The body is larger than {limit} bytes")
    return length


async def discard(receive: Receive, call: Call | None) -> None:
    """Read on for a while what is refused: who is cut off in the middle of sending never sees the answer."""
    left = _MOST_DISCARDED
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            # What passed it on may still wait for more: it was cancelled, and needs a moment to hear of it.
            while call is not None and call.is_receiving:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            is_read = call is not None and call.is_read
            while left > 0 and not is_read:
                message = await receive()
                is_read = not message.get("more_body", False)
                left -= len(message.get("body", b""))
