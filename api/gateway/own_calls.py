"""A call that an owner makes to an endpoint of his, with his token: counted and logged, its answer held as a whole."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from starlette.types import Message, Receive

from api.gateway.admission import admit_owner
from api.gateway.calls import Call, RawHeaders
from api.gateway.forwarding import Forwarder
from api.gateway.paths import encode_query, read_path
from api.request_log import LoggedRequest
from api.state import AppState
from zilliance.errors import AppError, InvalidInputError

MOST_BYTES = 1024 * 1024  # of an answer; what is behind them is left out
MOST_SECONDS = 60.0  # that an answer is read; what comes later is left out
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class OwnCall:
    """What to call.

    Attributes:
        path: as it would be written in a URL behind `/gateway/v1`.
        query: likewise, without the question mark.
        headers: names and values as they would be sent.
        client: the address of who asked for it.
    """

    endpoint_id: UUID
    method: str
    path: str
    query: str
    headers: RawHeaders
    body: bytes
    client: str
    scheme: str
    request_id: str
    hop: int = 0


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What a caller with a key would have got.

    Attributes:
        is_cut: there was more of the body than is held.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    is_cut: bool
    milliseconds: int


async def call_own(
    state: AppState, forwarder: Forwarder, owner: UUID, asked: OwnCall, gone: Receive | None = None
) -> OwnAnswer:
    """Make a call. Raises AppError as a caller would be answered, with the reason of a failure in its details.

    `gone` gives the messages behind the body of the request that asks for it: a disconnect ends the call.
    """
    began, status = time.perf_counter(), _SERVER_FAULT
    call = _call(asked)
    sink = _Held()
    try:
        with state.under_way.one():
            admission = await admit_owner(state, owner, asked.endpoint_id, call.method, call.path.text)
            if admission.refusal is not None:
                raise admission.refusal
            try:
                status = await forwarder.forward(admission, call, _Given(asked.body, gone), sink)
            except _FullError:
                status = sink.status
    except AppError as error:
        status = error.status
        raise
    finally:
        milliseconds = round((time.perf_counter() - began) * 1000)
        state.requests.add(_logged(owner, asked, call, status, milliseconds))
    return OwnAnswer(sink.status, sink.headers, bytes(sink.body[:MOST_BYTES]), sink.is_cut, milliseconds)


def _call(asked: OwnCall) -> Call:
    if asked.body and asked.method in {"GET", "HEAD"}:
        raise InvalidInputError(f"A {asked.method} request has no body here: leave it out", code="BODY_NOT_ALLOWED")
    return Call(
        method=asked.method,
        path=read_path(asked.path),
        query=encode_query(asked.query),
        headers=asked.headers,
        length=len(asked.body),
        client=asked.client,
        scheme=asked.scheme,
        request_id=asked.request_id,
        hop=asked.hop,
    )


def _logged(owner: UUID, asked: OwnCall, call: Call, status: int, milliseconds: int) -> LoggedRequest:
    return LoggedRequest(
        method=call.method,
        path=call.path.text,
        status_code=status,
        response_time_ms=milliseconds,
        user_id=owner,
        endpoint_id=asked.endpoint_id,
        request_size=call.sent,
        response_size=call.taken,
        ip_address=call.client or None,
        created_at=datetime.now(UTC) - timedelta(milliseconds=milliseconds),
    )


class _FullError(Exception):
    """As much of an answer is here as is held, or as long as is waited for it."""


class _Held:
    """Takes an answer as a whole."""

    def __init__(self) -> None:
        self.status = _SERVER_FAULT
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.is_cut = False
        self._until = 0.0

    async def start(self, status: int, headers: list[tuple[bytes, bytes]], *, is_silent: bool) -> None:
        del is_silent
        self.status, self.headers = status, headers
        self._until = asyncio.get_running_loop().time() + MOST_SECONDS

    async def piece(self, piece: bytes, *, is_last: bool) -> None:
        self.body += piece
        is_late = not is_last and asyncio.get_running_loop().time() > self._until
        self.is_cut = is_late or len(self.body) > MOST_BYTES
        if self.is_cut:
            raise _FullError


class _Given:
    """A body that is there already, and behind it what else comes from who asks: that he has gone, or nothing."""

    def __init__(self, body: bytes, gone: Receive | None) -> None:
        self._body: bytes | None = body
        self._gone = gone

    async def __call__(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            if self._gone is not None:
                return await self._gone()
            await asyncio.Event().wait()
        return {"type": "http.request", "body": body or b"", "more_body": False}
