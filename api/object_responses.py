"""Answers that carry the bytes of an object, as they come from the store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from zilliance.storage import MissingObjectError, ObjectStore

STALLED_SECONDS = 60.0  # how long a reader may take nothing: what is open for it is bounded, and so is how many


class ObjectResponse(StreamingResponse):
    """Opens the object before the answer begins, and gives it up when the asker goes away or takes nothing more.

    Args:
        span: the first and the last byte of what is sent; None for all that there is.
        missing: the refusal where the store has no such object.
    """

    def __init__(
        self,
        store: ObjectStore,
        key: str,
        *,
        status: int,
        headers: Mapping[str, str],
        span: tuple[int, int] | None,
        missing: Callable[[], Exception],
    ) -> None:
        super().__init__(_nothing(), status, headers)
        first, last = span or (0, None)
        self._reading = store.read(key, first=first, last=last)
        self._missing = missing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._reading as self.body_iterator:
                await super().__call__(scope, receive, _patient(send))
        except MissingObjectError as error:
            raise self._missing() from error
        except _StalledError:
            return  # the server cuts off an answer that has not ended


class _StalledError(Exception):
    """The reader takes nothing more."""


def _patient(send: Send) -> Send:
    """Send while it is taken. Raises _StalledError when nothing is for too long."""

    async def send_soon(message: Message) -> None:
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)
        except TimeoutError as error:
            raise _StalledError from error

    return send_soon


async def _nothing() -> AsyncIterator[bytes]:
    """Stands in until the object is open."""
    return
    yield b""
