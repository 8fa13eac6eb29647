"""Answers that carry the bytes of an object, as they come from the store."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from api.state import AppState
from api.storage.downloads import Answer, Manner, answer_for
from api.storage.failures import no_such_key
from api.storage.objects import Found
from zilliance.storage import MissingObjectError, object_key

STALLED_SECONDS = 60.0  # how long a reader may take nothing: what is open for it is bounded, and so is how many


def answer(request: Request, state: AppState, found: Found, manner: Manner) -> Response:
    """The object, a part of it, or that the asker has it already. Raises InvalidRange."""
    said = answer_for(found, request.headers, manner)
    if request.method == "HEAD" or not said.has_body:
        return Response(status_code=said.status, headers=said.headers)
    return _ObjectResponse(state, found, said)


class _ObjectResponse(StreamingResponse):
    """Opens the object before the answer begins, and gives it up when the asker goes away or takes nothing more."""

    def __init__(self, state: AppState, found: Found, said: Answer) -> None:
        super().__init__(_nothing(), said.status, said.headers)
        first, last = said.span or (0, None)
        self._reading = state.store.read(object_key(found.version), first=first, last=last)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._reading as self.body_iterator:
                await super().__call__(scope, receive, _patient(send))
        except MissingObjectError as error:
            raise no_such_key() from error
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
