"""`/gateway/v1` and `proxy-api-request`: requests that are passed on to the endpoints that owners publish."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Query, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.envelopes import GATEWAY, PROXY_FUNCTION, is_for_gateway
from api.gateway.asked import METHODS
from api.gateway.entrance import Entrance
from api.gateway.forwarding import Forwarder
from api.gateway.upstreams import Upstreams
from api.schemas.errors import refusals
from api.state import AppState
from zilliance.outbound_pools import OutboundPools

router = APIRouter(tags=["gateway"])

_OUTCOMES: dict[int | str, dict[str, Any]] = {
    200: {"description": "What the target answers, with its own status, headers and body", "content": {"*/*": {}}},
    **refusals(400, 401, 403, 404, 405, 408, 413, 429, 502, 503, 504),
}
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_BODY: dict[str, Any] = {"requestBody": {"description": "Whatever the target takes", "content": {"*/*": {}}}}
_Key = Annotated[str, Header(alias="x-api-key", description="A key of the endpoint's owner")]


class Gateway:
    """Answers every request for the gateway before FastAPI looks at it; `router` has what documents them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_its = scope["type"] == "http" and is_for_gateway(scope["path"])
        await (_entrance(scope) if is_its else self._app)(scope, receive, send)


def _entrance(scope: Scope) -> Entrance:
    """The entrance of this application, which `passing` made."""
    entrance: Entrance = scope["app"].state.gateway
    return entrance


@asynccontextmanager
async def passing(app: FastAPI, state: AppState) -> AsyncGenerator[None]:
    """Let the gateway pass requests on, inside the block."""
    settings = state.settings
    async with OutboundPools.of(settings) as pools:
        upstreams = Upstreams(pools, state.sealer, settings.gateway)
        app.state.gateway = Entrance(state, Forwarder(upstreams, settings.gateway))
        try:
            yield
        finally:
            await upstreams.close()


def install(app: FastAPI) -> None:
    """Let the gateway answer."""
    app.add_middleware(Gateway)


class _Passed(Response):
    """The answer of the gateway, as a response."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _entrance(scope)(scope, receive, send)


async def pass_on(path: str, x_api_key: _Key = "") -> Response:
    """Call an endpoint by its path, with any query, and a body where the method has one.

    Both are streamed to the endpoint's target, and so is its answer. Redirects are answers; cookies and credentials
    do not go through, either way.
    """
    del path, x_api_key  # read from the request itself
    return _Passed()


async def proxy_api_request(
    path: Annotated[str, Query(description="Of the endpoint, such as `/orders/5`")] = "",
    method: Annotated[str, Query(description="Left out: the method of this request")] = "",
    x_api_key: _Key = "",
) -> Response:
    """Call an endpoint by its path and method in the query; everything else in the query is the target's."""
    del path, method, x_api_key
    return _Passed()


def _document(path: str, answer: Callable[..., Awaitable[Response]], name: str, summary: str) -> None:
    """An operation for each method, since each has a name of its own in OpenAPI."""
    for method in METHODS:
        router.add_api_route(
            path,
            answer,
            methods=[method],
            operation_id=f"{name}_{method.lower()}",
            summary=summary,
            responses=_OUTCOMES,
            response_class=Response,
            openapi_extra=_BODY if method in _WITH_BODY else None,
        )


_document(f"{GATEWAY}/{{path:path}}", pass_on, "gateway", "Call an endpoint")
_document(PROXY_FUNCTION, proxy_api_request, "proxy_api_request", "Call an endpoint by a path in the query")
