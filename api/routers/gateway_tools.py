"""`gateway-openapi` and `gateway-test` of `/functions/v1`: what owners tell of their endpoints, and try themselves."""

from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from api.deps import State, User, bearer_of, state_of, user_of
from api.gateway.openapi import document_of, endpoints_of
from api.gateway.own_calls import call_own
from api.gateway.trials import call_of, owner_of, told
from api.json_models import body_of, documented
from api.schemas.errors import refusals
from api.schemas.gateway import GatewayTest, GatewayTestAnswer
from zilliance.enums import Role
from zilliance.identity import Identity
from zilliance.tokens import InvalidTokenError

if TYPE_CHECKING:
    from api.gateway.entrance import Entrance

router = APIRouter(prefix="/functions/v1", tags=["gateway"])

_JSON = "application/json"
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "An OpenAPI 3.1 document", "content": {_JSON: {"schema": {"type": "object"}}}}
}


@router.get(
    "/gateway-openapi",
    response_class=Response,
    responses=_DOCUMENT | refusals(401, 403, 503),
    summary="Describe my endpoints",
)
async def describe(state: State, user: User) -> Response:
    """The OpenAPI document of the caller's active endpoints, for those who are to call them with a key."""
    document = document_of(await endpoints_of(state, user), state.settings.api_url)
    return Response(orjson.dumps(document), media_type=_JSON)


async def _caller(request: Request) -> Identity:
    """A signed-in account, or the service with its key."""
    token = bearer_of(request)
    try:
        identity = None if token is None else state_of(request).tokens.identify(token)
    except InvalidTokenError:
        identity = None
    return identity if identity is not None and identity.role is Role.SERVICE else user_of(request)


@router.post(
    "/gateway-test",
    response_model=GatewayTestAnswer,
    openapi_extra=documented(GatewayTest),
    responses=refusals(400, 401, 403, 404, 405, 413, 429, 502, 503, 504),
    summary="Call an endpoint of mine",
)
async def test(
    request: Request,
    asked: Annotated[GatewayTest, Depends(body_of(GatewayTest))],
    state: State,
    caller: Annotated[Identity, Depends(_caller)],
) -> Response:
    """What a caller with a key would get, without one: the endpoint's limit counts it, and it is in the log.

    Whatever the target answers is told with status 200; any other status is of the gateway's own.
    """
    client = request.client.host if request.client else ""
    call = await call_of(state, caller, asked, client=client, request_id=request.state.request_id)
    entrance: Entrance = request.app.state.gateway
    answer = await call_own(state, entrance.forwarder, owner_of(caller, asked), call, request.receive)
    return Response(orjson.dumps(told(answer)), media_type=_JSON)
