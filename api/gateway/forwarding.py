"""A request that was admitted goes to its target, and the answer comes back: piece by piece, never held as a whole."""

import asyncio
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from typing import Protocol

from starlette.types import Receive

from api.gateway.admission import Admission
from api.gateway.bodies import CallerBody
from api.gateway.breaker import Outcome
from api.gateway.cache import Asked, Given, Recording, ResponseCache
from api.gateway.calls import Call, RawHeaders
from api.gateway.failures import out_of_time, suspended, target_refused, upstream_failed
from api.gateway.headers import announced, answered, passed_on
from api.gateway.patience import Departure, Patience, Waiting
from api.gateway.upstreams import Upstream, Upstreams
from zilliance.gateway_settings import GatewaySettings
from zilliance.outbound_pools import Body, PooledAnswer
from zilliance.outbound_rules import MAX_HOPS, OutboundFailedError, OutboundFailure, OutboundRefusedError

_STATUSES = range(200, 600)
# A target behind one that says so is as good as away; any other status is its answer to what was asked.
_AWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})


class Copying(Protocol):
    """Who copies an answer for others while it is passed on; see ResponseCache.recording."""

    def __call__(
        self, status: int, /, *, received: RawHeaders, passed: RawHeaders
    ) -> AbstractContextManager[Recording]: ...


class Sink(Protocol):
    """Who takes an answer."""

    async def start(self, status: int, headers: list[tuple[bytes, bytes]], *, is_silent: bool) -> None:
        """The head; `is_silent`: nothing of the body is there yet, so that it should not be waited for."""
        ...

    async def piece(self, piece: bytes, *, is_last: bool) -> None:
        """Some of the body."""
        ...


class Forwarder:
    """Passes requests on, within the bounds of the settings."""

    def __init__(self, upstreams: Upstreams, settings: GatewaySettings) -> None:
        self._upstreams = upstreams
        self._cache = ResponseCache(settings.cache_bytes)
        self._settings = settings

    async def forward(self, admission: Admission, call: Call, receive: Receive, sink: Sink) -> int:
        """Pass one on that was admitted; the status of its answer.

        Raises AppError for what went wrong on the way; if the sink was started by then, the answer is to be cut.
        """
        assert admission.user_id is not None  # noqa: S101  an admitted request has both
        assert admission.endpoint_id is not None  # noqa: S101
        if call.hop >= MAX_HOPS:
            raise target_refused("this call is one of a chain of calls to ourselves: break the loop")
        endpoint = (admission.endpoint_id, admission.endpoint_version)
        asked = Asked.of(admission.user_id, endpoint, admission.cache_seconds, call)
        given = self._cache.find(asked)
        if given is not None:
            return await _give(given, call, sink)
        copied = partial(self._cache.recording, asked)
        try:
            with self._upstreams.taken(admission, admission.user_id, admission.endpoint_id) as upstream:
                seconds = admission.timeout_ms / 1000
                return await _Exchange(self._settings, upstream, seconds, call, sink, copied=copied).run(receive)
        except OutboundRefusedError as error:
            raise target_refused(error.reason) from error


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_call", "_copied", "_era", "_seconds", "_settings", "_sink", "_upstream")

    def __init__(
        self, settings: GatewaySettings, upstream: Upstream, seconds: float, call: Call, sink: Sink, *, copied: Copying
    ) -> None:
        self._settings = settings
        self._upstream = upstream
        self._seconds = seconds  # for the first byte of the answer
        self._call = call
        self._sink = sink
        self._copied = copied
        self._era = -1

    async def run(self, receive: Receive) -> int:
        path, query = self._upstream.target.at(self._call.path, self._call.query)
        wait = self._upstream.breaker.refusal(asyncio.get_running_loop().time())
        if wait is not None:
            raise suspended(wait)
        self._era = self._upstream.breaker.era
        try:
            return await self._timed(receive, path, query)
        finally:
            self._tell(Outcome.UNKNOWN)

    async def _timed(self, receive: Receive, path: str, query: str) -> int:
        """As `run`, within its time."""
        limit = asyncio.timeout(None)
        patience = Patience(limit, self._settings.max_seconds)
        body = CallerBody(receive, self._call, patience, self._settings, self._seconds)
        departure = Departure(receive, patience, lambda: self._call.is_read)
        try:
            async with limit:
                return await self._passed(path, query, body, patience)
        except TimeoutError as error:
            if not limit.expired():
                raise
            if patience.waiting is Waiting.ANSWER:
                self._tell(Outcome.FAILED)
            raise out_of_time(patience.waiting, self._seconds) from error
        except OutboundFailedError as error:
            if body.fault is not None:  # the client wraps what the body raised
                raise body.fault from error
            self._tell(Outcome.FAILED)
            raise upstream_failed(error) from error
        finally:
            patience.close()
            departure.close()

    async def _passed(self, path: str, query: str, body: CallerBody, patience: Patience) -> int:
        call = self._call
        headers = passed_on(call, self._upstream.headers)
        content: Body = None if call.length == 0 else await body.read() if body.is_small else body.pieces()
        if call.length and not isinstance(content, bytes):
            headers.append(("content-length", str(call.length)))
        patience.wait(Waiting.ANSWER, self._seconds)
        answer = await self._upstream.pool.send(call.method, path, query, headers, content)
        body.is_answered = True
        try:
            return await self._handed_over(answer, patience)
        finally:
            answer.close()

    async def _handed_over(self, answer: PooledAnswer, patience: Patience) -> int:
        headers = answered(answer.headers, self._upstream.pool.host)
        if answer.status not in _STATUSES:
            message = f"{self._upstream.pool.host} answered with the status {answer.status}"
            raise OutboundFailedError(OutboundFailure.PROTOCOL, message)
        self._tell(Outcome.FAILED if answer.status in _AWAY else Outcome.ANSWERED)
        if self._call.method != "HEAD":
            self._check_size(announced(headers))
        with self._copied(answer.status, received=answer.headers, passed=headers) as copy:
            patience.wait(Waiting.READER, self._settings.idle_seconds)
            await self._sink.start(answer.status, headers, is_silent=answer.is_silent)
            await self._pieces(answer, patience, copy)
        return answer.status

    async def _pieces(self, answer: PooledAnswer, patience: Patience, copy: Recording) -> None:
        idle = self._settings.idle_seconds
        is_last = False
        while not is_last:
            patience.wait(Waiting.MORE, idle)
            piece = await answer.read()
            is_last = answer.is_complete
            self._call.taken += len(piece)
            self._check_size(self._call.taken)
            copy.add(piece)
            patience.wait(Waiting.READER, idle)
            await self._sink.piece(piece, is_last=is_last)
        copy.is_complete = True

    def _check_size(self, size: int) -> None:
        most = self._settings.max_response_bytes
        if size > most:
            message = f"{self._upstream.pool.host} answered with more than {most} bytes"
            raise OutboundFailedError(OutboundFailure.TOO_LARGE, message)

    def _tell(self, outcome: Outcome) -> None:
        """Tell the breaker, once: what comes later says nothing more of the target."""
        era, self._era = self._era, -1
        if era >= 0:
            self._upstream.breaker.ended(era, outcome, asyncio.get_running_loop().time())


async def _give(given: Given, call: Call, sink: Sink) -> int:
    await sink.start(given.status, given.headers, is_silent=False)
    call.taken += len(given.body)
    await sink.piece(given.body, is_last=True)
    return given.status
