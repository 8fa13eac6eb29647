"""`/events/v1`: an account's events come in and are listed; `…/executions/{id}/signal` sends one to one execution."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api import cloudevents_http
from api.deps import State, User
from api.schemas.errors import refusals
from api.schemas.events import EventPage, Published
from api.services.events import list_events, publish, signal
from zilliance.errors import InvalidInputError

router = APIRouter(tags=["events"], responses=refusals(400, 401, 403, 413, 429, 503))

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"type": "string", "enum": ["1.0"]},
        "id": {"type": "string", "minLength": 1, "maxLength": 512},
        "source": {"type": "string", "minLength": 1, "maxLength": 1024},
        "type": {"type": "string", "minLength": 1, "maxLength": 512},
        "subject": {"type": "string", "minLength": 1},
        "time": {"type": "string", "format": "date-time"},
        "data": {},
    },
}
_ONE = {"content": {cloudevents_http.STRUCTURED: {"schema": _EVENT}}, "required": True}
_SEVERAL = {
    "content": {
        cloudevents_http.STRUCTURED: {"schema": _EVENT},
        cloudevents_http.BATCH: {"schema": {"type": "array", "items": _EVENT, "maxItems": 1000}},
    },
    "required": True,
}


@router.post(
    "/events/v1",
    status_code=202,
    openapi_extra={"requestBody": _SEVERAL},
    summary="Publish events",
)
async def post_events(request: Request, state: State, user: User) -> Published:
    """Publish CloudEvents of the caller's, in binary, structured or batch mode. Once answered, they are committed.

    An event with the source and the id of an earlier one is that one again, and nothing happens.
    """
    events = await cloudevents_http.read_events(request)
    stored = await publish(state.database, user, events, state.settings.events.max_pending)
    return Published(accepted=len(events), duplicates=len(events) - stored)


@router.get("/events/v1", response_model=EventPage, summary="List events")
async def get_events(
    state: State,
    user: User,
    after: Annotated[
        str | None, Query(pattern="^[0-9]{1,18}$", description="`next` of the page before this one")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """The caller's recent events, newest first: those that were published, and those that executions emitted."""
    page = await list_events(state.database, user, None if after is None else int(after), limit)
    return Response(page, media_type="application/json")


@router.post(
    "/workflows/v1/executions/{execution_id}/signal",
    status_code=202,
    responses=refusals(404, 409),
    openapi_extra={"requestBody": _ONE},
    summary="Send an event to an execution",
)
async def signal_execution(execution_id: UUID, request: Request, state: State, user: User) -> Published:
    """Deliver one CloudEvent to one execution of the caller's and nobody else. It waits until the execution listens."""
    events = await cloudevents_http.read_events(request)
    if len(events) != 1:
        raise InvalidInputError("A signal is one event", code="EVENT_INVALID")
    await signal(state.database, user, execution_id, events[0])
    return Published(accepted=1, duplicates=0)
