"""`generate-tutorial` and `/tutorials/v1`: what a model writes, its runs, the text while it is written, and HTML."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import JsonValue

from api import event_streams
from api.deps import State, User, bearer_of, caller_of
from api.json_models import body_of, documented
from api.schemas.errors import refusals
from api.schemas.tutorials import TutorialRequest, TutorialRun, TutorialRunPage
from api.tutorials import rendering
from api.tutorials.runs import Run, tutorial_runs_of
from api.tutorials.streams import last_event, stream
from models.tutorials import TutorialPublic
from workflows.tutorials.schema import TUTORIAL_SCHEMA
from zilliance.enums import ExecutionStatus, Role
from zilliance.identity import Identity

router = APIRouter(tags=["tutorials"])

RUNS = "/tutorials/v1/runs"
_JSON = "application/json"
_REFUSALS = refusals(400, 401, 403, 404, 409, 503)
_EXAMPLE = {"topic": "Write a web server in Go", "level": "beginner", "steps": 5}
_VISITOR = Identity(role=Role.ANON, claims='{"role":"anon"}')


async def _reader(request: Request) -> Identity:
    """Who reads a page: whoever the key and the token name, and a visitor without either, who followed a link."""
    has_key = "apikey" in request.headers or "apikey" in request.query_params
    return caller_of(request) if has_key or bearer_of(request) is not None else _VISITOR


@router.post(
    "/functions/v1/generate-tutorial",
    tags=["functions"],
    openapi_extra=documented(TutorialRequest, _EXAMPLE),
    responses={
        200: {"model": TutorialPublic, "description": "The tutorial, saved as a draft"},
        202: {"model": TutorialRun, "description": "It is being written: the run, and in `Location` where to look"},
        **_REFUSALS,
        **refusals(413, 429),
        402: {"description": "The account at the provider has no credit"},
        502: {"description": "The model's answer was no tutorial, or its provider failed; the run can be resumed"},
    },
    summary="Have a tutorial written",
)
async def generate_tutorial(
    asked: Annotated[TutorialRequest, Depends(body_of(TutorialRequest))],
    state: State,
    user: User,
    prefer: Annotated[str, Header(description="`respond-async` answers at once")] = "",
    idempotency_key: Annotated[str | None, Header(description="A repeat returns the first answer")] = None,
) -> Response:
    """Have a model write a tutorial, and save it as a draft of the caller's. Once it is answered, the run will end."""
    runs = tutorial_runs_of(state)
    run = await runs.begin(user, asked, key=idempotency_key)
    if "respond-async" not in prefer.lower():
        run = await runs.wait(user, run)
    location = {"Location": f"{RUNS}/{run.id}"}
    if not run.has_ended:
        return Response(run.row, 202, location, media_type=_JSON)
    return Response(await runs.tutorial(user, run), headers=location, media_type=_JSON)


@router.get("/tutorials/v1/schema", response_model=dict[str, JsonValue], summary="Read what a tutorial is")
async def get_schema() -> dict[str, object]:
    """JSON Schema that every tutorial is valid by that `generate-tutorial` has saved."""
    return TUTORIAL_SCHEMA


@router.get(RUNS, response_model=TutorialRunPage, responses=_REFUSALS, summary="List runs")
async def get_runs(
    state: State,
    user: User,
    status: Annotated[list[ExecutionStatus] | None, Query(description="In one of these")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[UUID | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """The caller's runs, newest first."""
    page = await tutorial_runs_of(state).page(user, [each.value for each in status or ()], after, limit)
    return Response(page, media_type=_JSON)


@router.get(f"{RUNS}/{{run_id}}", response_model=TutorialRun, responses=_REFUSALS, summary="Read a run")
async def get_run(run_id: UUID, state: State, user: User) -> Response:
    """How far a run has come, or how it ended."""
    return _answer(await tutorial_runs_of(state).find(user, run_id))


@router.post(
    f"{RUNS}/{{run_id}}/cancel",
    status_code=202,
    response_model=TutorialRun,
    responses=_REFUSALS,
    summary="Cancel a run",
)
async def cancel_run(run_id: UUID, state: State, user: User) -> Response:
    """Ask a run to end. It saves nothing then, and can be resumed."""
    return _answer(await tutorial_runs_of(state).cancel(user, run_id), 202)


@router.delete(
    f"{RUNS}/{{run_id}}", status_code=202, response_model=TutorialRun, responses=_REFUSALS, summary="Cancel a run"
)
async def delete_run(run_id: UUID, state: State, user: User) -> Response:
    """The same as its `cancel`: the row stays."""
    return _answer(await tutorial_runs_of(state).cancel(user, run_id), 202)


@router.post(
    f"{RUNS}/{{run_id}}/resume",
    status_code=202,
    response_model=TutorialRun,
    responses={**_REFUSALS, **refusals(429)},
    summary="Resume a run",
)
async def resume_run(run_id: UUID, state: State, user: User) -> Response:
    """Let a run that failed or was cancelled go on. What was paid for is not asked again."""
    return _answer(await tutorial_runs_of(state).resume(user, run_id), 202)


@router.get(
    f"{RUNS}/{{run_id}}/stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "`delta`, `step`, `progress`; `done` or `error` last",
        },
        **_REFUSALS,
        **refusals(429),
    },
    summary="Follow a run",
)
async def stream_run(
    run_id: UUID,
    state: State,
    user: User,
    last_event_id: Annotated[str | None, Header(description="Go on behind this event")] = None,
) -> Response:
    """The text that is being written, as server-sent events. Who comes again misses nothing and gets nothing twice."""
    return await event_streams.answer(stream(state, user, run_id, last_event(last_event_id)))


@router.get(
    "/tutorials/v1/{tutorial_id}/html",
    response_class=Response,
    responses={
        200: {"content": {"text/html": {}}, "description": "HTML without anything that could run, load or pretend"},
        304: {"description": "As it was"},
        **_REFUSALS,
        **refusals(413, 429),
    },
    summary="Read a tutorial as HTML",
)
async def get_html(
    tutorial_id: UUID,
    state: State,
    caller: Annotated[Identity, Depends(_reader)],
    fragment: Annotated[bool, Query(description="The article alone, for a page of one's own")] = False,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A tutorial that is published, or the caller's own. What is published needs neither key nor token."""
    page = await rendering.read_page(state, caller, tutorial_id, fragment=fragment, has=if_none_match)
    headers = {**rendering.HEADERS, "ETag": page.etag}
    if page.body is None:
        return Response(status_code=304, headers=headers)
    return Response(page.body, headers=headers, media_type="text/html; charset=utf-8")


def _answer(run: Run, status: int = 200) -> Response:
    return Response(run.row, status, media_type=_JSON)
