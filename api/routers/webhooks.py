"""`/workflows/v1/definitions/{id}/hooks`: the addresses under which the world starts a definition."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.deps import State, User
from api.json_input import read_json
from api.json_models import as_model, documented
from api.schemas.errors import refusals
from api.schemas.webhooks import HookPage, HookQuery, HookRequest, NewHookAnswer, RotatedHookAnswer, RotateRequest
from api.state import AppState
from api.webhooks.webhooks import Webhooks

router = APIRouter(
    prefix="/workflows/v1/definitions/{definition_id}/hooks",
    tags=["workflows"],
    responses=refusals(400, 401, 403, 404, 409, 413, 503),
)


def _webhooks(state: AppState) -> Webhooks:
    return Webhooks(state.database, state.sealer, state.settings.api_url)


@router.post(
    "", status_code=201, response_model=NewHookAnswer, openapi_extra=documented(HookRequest), summary="Make a webhook"
)
async def create_hook(definition_id: UUID, request: Request, state: State, user: User) -> Response:
    """Its address and its secret are in this answer and in no other."""
    wanted = as_model(HookRequest, await read_json(request) if await request.body() else {})
    return Response(await _webhooks(state).create(user, definition_id, wanted), 201, media_type="application/json")


@router.get("", response_model=HookPage, summary="List webhooks")
async def list_hooks(definition_id: UUID, query: Annotated[HookQuery, Query()], state: State, user: User) -> Response:
    """The definition's webhooks, without their addresses and secrets, newest first."""
    return Response(await _webhooks(state).list(user, definition_id, query), media_type="application/json")


@router.delete("/{hook_id}", status_code=204, summary="Delete a webhook")
async def delete_hook(definition_id: UUID, hook_id: UUID, state: State, user: User) -> None:
    """Its address is unknown from now on."""
    await _webhooks(state).delete(user, definition_id, hook_id)


@router.post(
    "/{hook_id}/rotate",
    response_model=RotatedHookAnswer,
    openapi_extra=documented(RotateRequest),
    summary="Give a webhook another secret",
)
async def rotate_hook(definition_id: UUID, hook_id: UUID, request: Request, state: State, user: User) -> Response:
    """The old secret is taken beside the new one for as long as the request says, so that senders can change over."""
    wanted = as_model(RotateRequest, await read_json(request) if await request.body() else {})
    body = await _webhooks(state).rotate(user, definition_id, hook_id, wanted)
    return Response(body, media_type="application/json")
