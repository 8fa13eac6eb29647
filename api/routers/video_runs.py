"""`/video/v1/videos`: the processing of a video: begun again, cancelled, listed, and followed as it goes on."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from api import event_streams
from api.deps import State, User
from api.json_models import body_of, documented
from api.schemas.errors import refusals
from api.schemas.videos import ProcessAgain, VideoProgress, VideoRunDetail, VideoRunPage
from api.video.progress import ProgressStream
from api.video.runs import video_runs_of
from models.videos import VideoPublic

router = APIRouter(prefix="/video/v1/videos", tags=["video"], responses=refusals(400, 401, 403, 404, 503))

_JSON = "application/json"
_NOT_BEGUN = "Nothing is begun: the video is ready, and was made of this very upload"
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `progress`, and `end` as the last; the data of each is a `VideoProgress`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "`Last-Event-ID` is the end: nothing will follow"},
}


@router.get("/{video_id}", response_model=VideoPublic, summary="Read a video")
async def get_video(video_id: UUID, state: State, user: User) -> Response:
    """The row of a video of the caller's, as `/rest/v1/videos` has it."""
    return Response((await video_runs_of(state).find(user, video_id)).row, media_type=_JSON)


@router.post(
    "/{video_id}/process",
    status_code=202,
    response_model=VideoPublic,
    openapi_extra=documented(ProcessAgain, {"force": True}),
    responses={200: {"model": VideoPublic, "description": _NOT_BEGUN}, **refusals(409, 413, 429)},
    summary="Process a video",
)
async def process(
    video_id: UUID, asked: Annotated[ProcessAgain, Depends(body_of(ProcessAgain))], state: State, user: User
) -> Response:
    """Begin and answer at once; the row says how it goes on. With `force`, a video that is ready is made anew.

    While a new run goes on, what there is stays playable until the new one can be played. When it fails, the video is
    again what it was. While a run is under way there is no other.
    """
    answer = await video_runs_of(state).process(user, video_id, force=asked.force, wait=False)
    if answer.ended:
        return Response(answer.row, media_type=_JSON)
    return Response(answer.row, 202, {"Location": f"/video/v1/videos/{video_id}"}, media_type=_JSON)


@router.post(
    "/{video_id}/cancel",
    status_code=202,
    response_model=VideoPublic,
    responses=refusals(409),
    summary="Cancel a video's processing",
)
async def cancel(video_id: UUID, state: State, user: User) -> Response:
    """Ask the open run to end. What it has made is removed; the video is then what it was before the run."""
    return Response((await video_runs_of(state).cancel(user, video_id)).row, 202, media_type=_JSON)


@router.get("/{video_id}/runs", response_model=VideoRunPage, summary="List a video's runs")
async def get_runs(
    video_id: UUID,
    state: State,
    user: User,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[UUID | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """Each time that the video was processed, newest first."""
    return Response(await video_runs_of(state).page(user, video_id, after, limit), media_type=_JSON)


@router.get("/{video_id}/runs/{run_id}", response_model=VideoRunDetail, summary="Read a run")
async def get_run(video_id: UUID, run_id: UUID, state: State, user: User) -> Response:
    """One run: what was found in the upload, how it is encoded, and what there is of each track."""
    return Response(await video_runs_of(state).run(user, video_id, run_id), media_type=_JSON)


@router.get(
    "/{video_id}/progress",
    response_model=VideoProgress,
    responses=_EVENTS | refusals(429),
    response_class=StreamingResponse,
    summary="Follow a video's processing",
)
async def follow(
    video_id: UUID,
    state: State,
    user: User,
    last_event_id: Annotated[str, Header(description="The id of the last event that was received")] = "",
) -> Response:
    """Server-sent events: the state at once, then each change of it, up to the end of the run.

    A connection that breaks is taken up again with `Last-Event-ID`, at whichever process answers.
    """
    events = ProgressStream(state.database, state.videos, user, video_id).events(last_event_id)
    return await event_streams.answer(events)
