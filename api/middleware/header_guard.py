"""Requests whose headers are too many, too long or say two things at once are refused: the server takes them all."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.envelopes import render
from zilliance.errors import AppError, InvalidInputError

MAX_HEADERS = 100
MAX_HEADER_BYTES = 16_384
_TOO_LARGE = 431


class HeaderGuard:
    """One Host, one length of the body said in one way, and a bound on the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = _fault(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await render(Request(scope), fault)(scope, receive, send)


def _fault(scope: Scope) -> AppError | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(headers) > MAX_HEADERS:
        return _too_large(f"More than {MAX_HEADERS} headers")
    size = hosts = lengths = encodings = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += bool(value)  # the server hands over an empty one when there was none
        elif name == b"content-length":
            lengths += 1
        elif name == b"transfer-encoding":
            encodings += 1
    if size > MAX_HEADER_BYTES:
        return _too_large(f"The headers are longer than {MAX_HEADER_BYTES} bytes")
    if hosts > 1 or (hosts == 0 and scope["http_version"] == "1.1"):
        return InvalidInputError("A request must have exactly one Host header", code="INVALID_HEADERS")
    if lengths + encodings > 1:
        return InvalidInputError("The request gives the length of its body twice", code="INVALID_HEADERS")
    return None


def _too_large(message: str) -> AppError:
    return AppError(message, status=_TOO_LARGE, code="HEADERS_TOO_LARGE")
