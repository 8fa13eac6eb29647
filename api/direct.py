"""A busy endpoint is called before FastAPI looks at the request.

Its routing and its per-request machinery took more of the processor than all that an acceptance has to do.
"""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

Answer = Callable[[Request], Awaitable[Response]]


class Direct:
    """Hands the requests for one method and path to `answer`, and all others on."""

    def __init__(self, app: ASGIApp, *, method: str, path: str, answering: ASGIApp) -> None:
        self._app = app
        self._method = method
        self._path = path
        self._answering = answering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_its = scope["type"] == "http" and scope["path"] == self._path and scope["method"] == self._method
        await (self._answering if is_its else self._app)(scope, receive, send)


def install(app: FastAPI, method: str, path: str, answer: Answer) -> None:
    """Let `answer` answer. Call after the application has its error handlers.

    What it documents stays a route of its router, which answers the same.
    """
    handlers = {kind: handler for kind, handler in app.exception_handlers.items() if kind is not Exception}

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    app.add_middleware(Direct, method=method, path=path, answering=ExceptionMiddleware(answering, handlers))
