"""`/workflows/v1/secrets`: what workflows may use and nobody may read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.deps import State, User
from api.json_models import body_of, documented
from api.schemas.errors import refusals
from api.schemas.secrets import SecretPage, SecretQuery, SecretSummary, SecretValue
from api.services.secrets import Secrets

router = APIRouter(prefix="/workflows/v1/secrets", tags=["workflows"], responses=refusals(400, 401, 403, 503))


@router.get("", response_model=SecretPage, summary="List secrets")
async def list_secrets(query: Annotated[SecretQuery, Query()], state: State, user: User) -> Response:
    """The names of the caller's secrets, and when each was written. Values are never answered."""
    page = await Secrets(state.database, state.sealer).list(user, query)
    return Response(page, media_type="application/json")


@router.put(
    "/{name}",
    response_model=SecretSummary,
    openapi_extra=documented(SecretValue, {"value": "sk-example"}),
    responses=refusals(409, 413),
    summary="Write a secret",
)
async def put_secret(
    name: str, asked: Annotated[SecretValue, Depends(body_of(SecretValue))], state: State, user: User
) -> Response:
    """Keep a value under a name, in place of any other; executions that begin a call from now on use it."""
    written = await Secrets(state.database, state.sealer).put(user, name, asked.value)
    return Response(written, media_type="application/json")


@router.delete("/{name}", status_code=204, responses=refusals(404), summary="Delete a secret")
async def delete_secret(name: str, state: State, user: User) -> None:
    """Calls that need it then fail with an authorization error."""
    await Secrets(state.database, state.sealer).delete(user, name)
