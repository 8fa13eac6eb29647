"""What happens to every request before a router sees it and to every answer after: plain ASGI, outermost first."""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.middleware.access_log import AccessLog
from api.middleware.answer_headers import AnswerHeaders
from api.middleware.body_guard import BodyGuard
from api.middleware.header_guard import HeaderGuard

LAYERS: tuple[Callable[[ASGIApp], ASGIApp], ...] = (AccessLog, AnswerHeaders, HeaderGuard, BodyGuard)


def install(app: FastAPI) -> None:
    """Wrap the whole application.

    Not `add_middleware`, whose layers stand inside the one that answers unexpected errors: those answers need the
    request id and the CORS headers more than any other.
    """
    inner = app.build_middleware_stack

    def wrapped() -> ASGIApp:
        stack = inner()
        for layer in reversed(LAYERS):
            stack = layer(stack)
        return stack

    app.build_middleware_stack = wrapped
