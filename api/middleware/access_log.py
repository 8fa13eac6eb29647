"""A number for each request, in its answer and in every log line about it, and one line when it is answered."""

import logging
import os
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("api.access")

_HEADER = b"x-request-id"
_TOKEN = re.compile(r"^(/video/v1/play/|/hooks/v1/callbacks/)[^/]+")
_VALID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class AccessLog:
    """Sets `request.state.request_id`: the caller's `X-Request-Id` if it is one, else a new one.

    The line has no query string, header or body: values of filters, keys and tokens stand in those. Where a token is in
    the path, the line leaves it out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        header = (_HEADER, request_id.encode())
        status = 0

        async def send_numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await self._app(scope, receive, send_numbered)
        finally:
            if log.isEnabledFor(logging.INFO):
                line = {
                    "method": scope["method"],
                    "path": _TOKEN.sub(r"\1…", scope["path"]),
                    "status": status,
                    "ms": round((time.perf_counter() - started) * 1000, 1),
                    "request_id": request_id,
                }
                log.info("request", extra=line)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _HEADER and _VALID.fullmatch(value):
            text: bytes = value
            return text.decode()
    return os.urandom(16).hex()
