"""The way into the gateway: plain ASGI, since routing and models of requests cost more than all that is done here."""

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.types import Receive, Scope, Send

from api.envelopes import render
from api.errors import of_postgres
from api.gateway.admission import Admission, admit
from api.gateway.asked import agent_of, client_of, key_of, read_call
from api.gateway.bodies import discard
from api.gateway.forwarding import Forwarder
from api.gateway.limit_headers import Headers, limit_headers
from api.gateway.patience import DepartedError
from api.request_log import LoggedRequest
from api.state import AppState
from zilliance.database import PostgresError
from zilliance.errors import AppError, StoppingError

if TYPE_CHECKING:
    from api.gateway.calls import Call

log = logging.getLogger(__name__)

_SERVER_FAULT = 500
_SENT_TOO_LITTLE = 408  # more of it would not come in time either
_EXPECT = b"expect"


class Entrance:
    """Admits requests, passes them on, and logs each one, whatever became of it."""

    def __init__(self, state: AppState, forwarder: Forwarder) -> None:
        self._state = state
        self.forwarder = forwarder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = _Visit(scope, receive, send)
        try:
            with self._state.under_way.one():
                visit.status = await self._answered(visit)
        except AppError as error:
            await visit.refuse(error)
        except PostgresError as error:
            await visit.refuse(of_postgres(error))
        finally:
            self._state.requests.add(visit.logged())

    async def _answered(self, visit: "_Visit") -> int:
        visit.call = call = read_call(visit.scope, self._state.settings.gateway.max_request_bytes)
        visit.admission = admission = await admit(self._state, key_of(visit.scope), call.method, call.path.text)
        visit.limits = limit_headers(admission)
        if admission.refusal is not None:
            raise admission.refusal
        return await self.forwarder.forward(admission, call, visit.receive, visit)


class _Visit:
    """A request and where it stands; the sink of its answer."""

    __slots__ = ("_began", "_came", "_is_started", "_send", "admission", "call", "limits", "receive", "scope", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._came = datetime.now(UTC)
        self._began = time.perf_counter()
        self._send = send
        self._is_started = False
        self.scope = scope
        self.receive = receive
        self.status = _SERVER_FAULT
        self.call: Call | None = None
        self.admission: Admission | None = None
        self.limits: Headers = []

    async def start(self, status: int, headers: list[tuple[bytes, bytes]], *, is_silent: bool) -> None:
        self._is_started = True
        headers += self.limits
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        if is_silent:  # a server sends the head with the first piece
            await self.piece(b"", is_last=False)

    async def piece(self, piece: bytes, *, is_last: bool) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": not is_last})

    async def refuse(self, error: AppError) -> None:
        """Answer with an error; where the head of an answer is out already, leave it cut, as the target did."""
        self.status = error.status
        if self._is_started or isinstance(error, DepartedError):
            return
        if not isinstance(error, StoppingError) and error.status != _SENT_TOO_LITTLE and not self._asks_first():
            await discard(self.receive, self.call)
        if error.status >= _SERVER_FAULT and self.admission is not None and self.admission.key_id is not None:
            log.info(
                "not passed on",
                extra={"code": error.code, "endpoint": self.admission.endpoint_id, "reason": error.details},
            )
            error.details = error.hint = None  # they tell where the target is, and operators what to do
        response = render(Request(self.scope), error)
        response.raw_headers.extend(self.limits)
        await response(self.scope, self.receive, self._send)

    def _asks_first(self) -> bool:
        """Who asks whether he may send a body sends none when he is refused."""
        return any(name == _EXPECT for name, _ in self.scope["headers"])

    def logged(self) -> LoggedRequest:
        call, admission = self.call, self.admission
        return LoggedRequest(
            method=call.method if call else self.scope["method"],
            path=call.path.text if call else self.scope["path"],
            status_code=self.status,
            response_time_ms=round((time.perf_counter() - self._began) * 1000),
            user_id=admission.user_id if admission else None,
            endpoint_id=admission.endpoint_id if admission else None,
            api_key_id=admission.key_id if admission else None,
            request_size=call.sent if call else 0,
            response_size=call.taken if call else 0,
            ip_address=client_of(self.scope) or None,
            user_agent=agent_of(self.scope),
            created_at=self._came,
        )
