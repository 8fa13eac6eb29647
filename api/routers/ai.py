"""`/ai/v1`: what the caller used of language models."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.deps import State, User
from api.schemas.ai import AiCallPage, AiUsage
from api.schemas.errors import refusals
from api.services import ai

router = APIRouter(prefix="/ai/v1", tags=["ai"], responses=refusals(400, 401, 403, 503))

_JSON = "application/json"


@router.get("/usage", response_model=AiUsage, summary="Read one's use of language models")
async def get_usage(
    state: State,
    user: User,
    begin: Annotated[date | None, Query(alias="from", description="The first day (UTC); else 30 days in all")] = None,
    end: Annotated[date | None, Query(alias="to", description="The last day (UTC); else today")] = None,
) -> Response:
    """Tokens and cost by day and model, and how much of the budgets of today and this month is used."""
    return Response(await ai.read_usage(state.database, user, state.settings.ai, begin, end), media_type=_JSON)


@router.get("/calls", response_model=AiCallPage, summary="List one's calls of language models")
async def get_calls(
    state: State,
    user: User,
    run: Annotated[UUID | None, Query(description="Only those of one execution or tutorial")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[UUID | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """Each call of a provider with what it took, newest first; failed ones, too."""
    return Response(await ai.list_calls(state.database, user, run, after, limit), media_type=_JSON)
