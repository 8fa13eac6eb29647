"""`/hooks/v1/{token}`: a call from anywhere begins a run; its row is committed when the answer is given."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.deps import State
from api.executions.executions import executions_of
from api.schemas.errors import refusals
from api.webhooks.calls import WebhookCalls
from api.webhooks.requests import HookCall

METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE")
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {"schema": {}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}
_OUTCOMES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The run has ended, where the webhook waits for that; or the definition skips this call"},
    202: {"description": "The run is accepted: its id"},
    405: {"description": "The webhook is called with another method"},
    **refusals(400, 401, 404, 409, 413, 429, 503),
}

router = APIRouter(tags=["webhooks"])


async def call_hook(token: str, request: Request, state: State) -> Response:
    """Start the definition behind a webhook: the token is the address, the signature the proof; no account needed."""
    call = HookCall(
        method=request.method,
        headers=dict(request.headers),
        query=request.url.query,
        body=await request.body(),
    )
    calls = WebhookCalls(executions_of(state), state.sealer)
    status, body = await calls.call(token, call)
    return Response(body, status, media_type="application/json")


for method in METHODS:
    router.add_api_route(
        "/hooks/v1/{token}",
        call_hook,
        methods=[method],
        operation_id=f"call_hook_{method.lower()}",
        responses=_OUTCOMES,
        openapi_extra=_BODY if method != "GET" else None,
        summary="Call a webhook",
    )
