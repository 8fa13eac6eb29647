"""Grants of playback, and the master playlist for the video's owner."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.deps import State, User
from api.json_input import decode
from api.json_models import as_model, documented
from api.schemas.errors import refusals
from api.schemas.playback import PlaybackGranted, PlaybackRequest, VideoStatistics
from api.state import AppState
from api.video import access, watching
from api.video.masters import MASTERS
from api.video.playlist_responses import PLAYLIST, unkept_response
from api.video.published import Published
from zilliance.tokens import PlaybackKind

router = APIRouter(responses=refusals(400, 401, 403, 404, 503))


async def _wanted(request: Request) -> PlaybackRequest:
    """The body; none at all permits what is usual."""
    body = await request.body()
    return as_model(PlaybackRequest, decode(body) if body else {})


Wanted = Annotated[PlaybackRequest, Depends(_wanted)]


@router.post(
    "/videos/{video_id}/playback",
    responses=refusals(409),
    openapi_extra=documented(PlaybackRequest, {"viewer": "the newsletter", "seconds": 3600}),
    summary="Permit to play a video",
)
async def grant_playback(video_id: UUID, wanted: Wanted, state: State, user: User) -> PlaybackGranted:
    """A token that stands in the addresses: whoever knows them may play, with no account and no header."""
    published = await access.grant_of(state, user, video_id)
    return _granted(state, published, wanted)


@router.delete("/videos/{video_id}/playback", status_code=204, summary="End all grants of a video")
async def end_playback(video_id: UUID, state: State, user: User) -> None:
    """Every token that was given out is refused from now on."""
    await access.end_grants(state, user, video_id)


@router.get("/videos/{video_id}/statistics", response_model=VideoStatistics, summary="Who has watched a video")
async def video_statistics(
    video_id: UUID, state: State, user: User, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> Response:
    """Views and watch time by day, and how far into the video its viewers come."""
    return Response(await watching.statistics(state, user, video_id, days), media_type="application/json")


@router.get(
    "/{video_id}/master.m3u8",
    response_class=Response,
    responses={200: {"description": "The master playlist", "content": {PLAYLIST: {}}}},
    summary="The master playlist, for the video's owner",
)
@router.head("/{video_id}/master.m3u8", include_in_schema=False)
async def own_master(video_id: UUID, request: Request, state: State, user: User) -> Response:
    """What `videos.hls_url` names. All that it leads to needs no header, and takes one without harm."""
    published, write = await MASTERS.read(video_id, lambda tracks: access.owned(state, user, video_id, tracks))
    # Players send the header that they were given with every request. A signed URL of the store takes no second proof.
    grant = access.new_grant(
        published, str(published.owner_id), seconds=state.settings.video.playback_seconds, through_api=True
    )
    token = state.tokens.playback.issue(grant)
    base = f"../play/{token}/{published.run_id}/"
    return unkept_response(request, write(base), media_type=PLAYLIST)  # the token is another one each time


def _granted(state: AppState, published: Published, wanted: PlaybackRequest) -> PlaybackGranted:
    seconds = min(wanted.seconds or state.settings.video.playback_seconds, state.settings.video.playback_seconds)
    viewer = str(published.owner_id) if wanted.viewer is None else f"guest:{wanted.viewer}"
    grant = access.new_grant(published, viewer, seconds=seconds, kind=PlaybackKind(wanted.kind))
    token = state.tokens.playback.issue(grant)
    address = f"{state.settings.api_url}/video/v1/play/{token}"
    return PlaybackGranted(
        token=token,
        hls_url=f"{address}/master.m3u8" if grant.kind is PlaybackKind.VIDEO else None,
        storyboard_url=f"{address}/storyboard.vtt" if published.of_kind("storyboard") else None,
        poster_url=published.poster_url,
        expires_at=datetime.fromtimestamp(grant.expires_at, UTC),
    )
