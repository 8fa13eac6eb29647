"""`/rest/v1/{table}`: create, read, update and delete for every table, as the official clients speak it."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from api.deps import caller_of, state_of
from api.json_input import read_bytes
from api.rest.documentation import document
from api.rest.documents import Check, Row
from api.rest.engine import Call, Engine
from api.services.definitions import checked
from models.registry import SHAPES

PREFIX = "/rest/v1/"
_WITH_BODY = frozenset({"POST", "PATCH"})


def check_definition(row: Row) -> Row:
    """A workflow's document is refused before it is stored, with every issue and its place.

    A row without one is a draft: it is stored, and cannot run yet.
    """
    if "config" not in row:
        return row
    config = row["config"]
    document = checked(config, str(row.get("name") or "workflow"))
    return row if document == config else {**row, "config": document}


CHECKS: dict[str, Check] = {"workflows": check_definition}


class DataApi:
    """Answers every request for a relation, before FastAPI looks at it.

    Its routing and its per-request machinery would cost a third of what a request for one row costs in all
    (bench/rest.py), and there is nothing for it to do: the body goes to PostgreSQL and comes from there as bytes. The
    typed operations that document each table stand in `router`.
    """

    def __init__(self, app: ASGIApp, *, handlers: Mapping[Any, ExceptionHandler]) -> None:
        self._app = app
        self._relations = ExceptionMiddleware(_answer, handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = self._app
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(PREFIX) and len(path) > len(PREFIX) and "/" not in path[len(PREFIX) :]:
                inner = self._relations
        await inner(scope, receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    method = request.method
    identity = caller_of(request)
    call = Call(
        method,
        scope["path"][len(PREFIX) :],
        scope["query_string"],
        request.headers,
        await read_bytes(request) if method in _WITH_BODY else b"",
    )
    answer = await engine_of(request).answer(call, identity)
    response = Response(b"" if method == "HEAD" else answer.body, answer.status, answer.headers)
    await response(scope, receive, send)


def engine_of(request: Request) -> Engine:
    """The engine of this application, made when the first request needs it."""
    engine: Engine | None = getattr(request.app.state, "rest", None)
    if engine is None:
        engine = request.app.state.rest = Engine(state_of(request), CHECKS)
    return engine


def describe(request: Request) -> Response:
    """The OpenAPI document, where clients of the data API look for it."""
    caller_of(request)
    return Response(orjson.dumps(request.app.openapi()), media_type="application/openapi+json")


def install(app: FastAPI) -> None:
    """Let the data API answer. Call after the application has its error handlers."""
    handlers = {kind: handler for kind, handler in app.exception_handlers.items() if kind is not Exception}
    app.add_middleware(DataApi, handlers=handlers)


router = APIRouter()
router.routes.append(Route(PREFIX, describe, include_in_schema=False))
document(router, SHAPES)
