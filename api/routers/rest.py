"""`/rest/v1/{table}`: create, read, update and delete for every table, as the official clients speak it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from api.deps import caller_of
from api.executions.definitions import checked
from api.gateway.endpoint_writes import check_endpoints
from api.rest import failures
from api.rest.documents import Row
from api.rest.engine import Engine
from api.rest.grammar.headers import DESCRIPTION, Kind, parse_accept
from api.rest.live_catalogue import LiveCatalogue
from api.rest.openapi.discovery import with_catalogue
from api.rest.openapi.documentation import document
from api.rest.requests import Call
from api.rest.writes import Checks
from api.state import AppState
from models.registry import SHAPES
from zilliance.identity import Identity

PREFIX = "/rest/v1/"
_FUNCTIONS = "rpc/"
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


async def check_definitions(rows: Sequence[Row], state: AppState, identity: Identity) -> Sequence[Row]:
    """In a thread: a definition as YAML can take a second, and others wait meanwhile."""
    del state, identity
    return await asyncio.to_thread(lambda: [check_definition(row) for row in rows])


def check_definition(row: Row) -> Row:
    """A workflow's document is refused before it is stored, with every issue and its place.

    A row without one is a draft: it is stored, and cannot run yet.
    """
    if "config" not in row:
        return row
    config = row["config"]
    document = checked(config, str(row["name"]) if row.get("name") else None)
    return row if document == config else {**row, "config": document}


CHECKS: Checks = {"workflows": check_definitions, "api_endpoints": check_endpoints}


class DataApi:
    """Answers every request for a relation or a function, before FastAPI looks at it.

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
            if path.startswith(PREFIX) and len(path) > len(PREFIX):
                inner = self._relations
        await inner(scope, receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    method = request.method
    identity = caller_of(request)
    name: str = scope["path"][len(PREFIX) :]
    is_function = name.startswith(_FUNCTIONS)
    if is_function:
        name = name[len(_FUNCTIONS) :]
    if "/" in name:
        raise failures.invalid_path()
    headers = request.headers
    call = Call(
        method,
        name,
        scope["query_string"],
        headers,
        await request.body() if method in _WITH_BODY else b"",
        ", ".join(headers.getlist("prefer")),
        is_function=is_function,
    )
    answer = await engine_of(request).answer(call, identity)
    response = Response(answer.body, answer.status, answer.headers)
    if method == "HEAD":
        del response.headers["content-length"]  # nobody has written the body to know
    await response(scope, receive, send)


def engine_of(request: Request) -> Engine:
    """The engine of this application, which `followed` made."""
    engine: Engine = request.app.state.rest
    return engine


@asynccontextmanager
async def followed(app: FastAPI, state: AppState) -> AsyncGenerator[None]:
    """Let the data API answer from the catalogue as it is at each moment, inside the block."""
    catalogue = LiveCatalogue(state.service, state.settings)
    app.state.rest = Engine(state, catalogue, CHECKS)
    async with catalogue.followed():
        yield


async def describe(request: Request) -> Response:
    """The OpenAPI document, where clients of the data API look for it: of all that the caller may use."""
    identity = caller_of(request)
    parse_accept(request.headers.get("accept", ""), DESCRIPTION)
    engine = engine_of(request)
    schema = engine.schema_of(Call(request.method, "", b"", request.headers))
    statements = await engine.catalogue.statements()
    described = with_catalogue(request.app.openapi(), statements.catalogue, schema, identity.role.value)
    return Response(orjson.dumps(described), media_type=Kind.OPENAPI.value)


def install(app: FastAPI) -> None:
    """Let the data API answer. Call after the application has its error handlers."""
    handlers = {kind: handler for kind, handler in app.exception_handlers.items() if kind is not Exception}
    app.add_middleware(DataApi, handlers=handlers)


router = APIRouter()
router.routes.append(Route(PREFIX, describe, include_in_schema=False))
document(router, SHAPES)
