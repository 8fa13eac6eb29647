"""Playlists for whoever has a grant; its token is in their addresses, and so in those that they name."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.deps import State
from api.schemas.errors import refusals
from api.state import AppState
from api.video import access, captions
from api.video.delivery import chunk_urls, hour_of
from api.video.masters import MASTERS
from api.video.media_playlists import iframe_playlist, media_playlist, subtitles_playlist
from api.video.playlist_responses import PLAYLIST, WEBVTT, etag_of, not_modified, text_response
from api.video.published import Published, Track
from api.video.storyboard import storyboard_document
from zilliance.errors import NotFoundError
from zilliance.tokens import PlaybackGrant, PlaybackKind

_ANSWERS: dict[int | str, dict[str, Any]] = {
    **refusals(400, 403, 404, 503),
    200: {"description": "The playlist", "content": {PLAYLIST: {"schema": {"type": "string"}}}},
    304: {"description": "The asker has it already"},
}
router = APIRouter(prefix="/play/{token}", responses=_ANSWERS, default_response_class=Response)

_MEDIA = frozenset({"video", "audio"})


@router.get("/master.m3u8", summary="The master playlist")
@router.head("/master.m3u8", include_in_schema=False)
async def master(token: str, request: Request, state: State) -> Response:
    """Renditions, languages and captions of what can be played now."""
    grant = access.read_grant(state, token, PlaybackKind.VIDEO)
    published, write = await MASTERS.read(grant.video_id, lambda tracks: access.granted(state, grant, tracks=tracks))
    return text_response(
        request,
        lambda: write(f"{published.run_id}/"),
        etag=etag_of(published, None),
        media_type=PLAYLIST,
        is_complete=all(track.is_complete for track in published.tracks),
    )


@router.get("/storyboard.vtt", summary="The storyboard")
@router.head("/storyboard.vtt", include_in_schema=False)
async def storyboard(token: str, request: Request, state: State) -> Response:
    """Which part of which picture shows a moment, as WebVTT."""
    grant = access.read_grant(state, token, PlaybackKind.VIDEO, PlaybackKind.STORYBOARD)
    published = await access.granted(state, grant, tracks=("storyboard",))
    track = _track(published, "storyboard", "storyboard")
    hour = hour_of(state, grant)
    url_of = chunk_urls(state, published, track, hour, f"{published.run_id}/")
    return text_response(
        request,
        lambda: storyboard_document(track, published.duration, url_of),
        etag=etag_of(published, hour, track),
        media_type=WEBVTT,
        is_complete=track.is_complete,
    )


@router.get("/{run_id}/{name}.iframes.m3u8", summary="The keyframes of a rendition")
@router.head("/{run_id}/{name}.iframes.m3u8", include_in_schema=False)
async def iframes(token: str, run_id: UUID, name: str, request: Request, state: State) -> Response:
    """For winding: the keyframes alone."""
    grant, published = await _of_run(state, token, run_id, name)
    track = _track(published, name, "video")
    hour = hour_of(state, grant)
    url_of = chunk_urls(state, published, track, hour)
    return text_response(
        request,
        lambda: iframe_playlist(track, url_of),
        etag=etag_of(published, hour, track),
        media_type=PLAYLIST,
        is_complete=track.is_complete,
    )


@router.get("/{run_id}/{name}.m3u8", summary="The playlist of a rendition, a language or captions")
@router.head("/{run_id}/{name}.m3u8", include_in_schema=False)
async def media(token: str, run_id: UUID, name: str, request: Request, state: State) -> Response:
    """Where the segments are; it grows until the processing has ended."""
    grant, published = await _of_run(state, token, run_id, name)
    track = _track(published, name, "video", "audio", "subtitles")
    hour = hour_of(state, grant)

    def write() -> str:
        if track.kind not in _MEDIA:
            return subtitles_playlist(published.duration, f"{track.name}.vtt")
        return media_playlist(track, chunk_urls(state, published, track, hour))

    return text_response(
        request, write, etag=etag_of(published, hour, track), media_type=PLAYLIST, is_complete=track.is_complete
    )


@router.get("/{run_id}/{name}.vtt", summary="Captions")
@router.head("/{run_id}/{name}.vtt", include_in_schema=False)
async def vtt(token: str, run_id: UUID, name: str, request: Request, state: State) -> Response:
    """The cues, with the map of their clock to that of the media."""
    _, published = await _of_run(state, token, run_id, name)
    track = _track(published, name, "subtitles")
    etag = etag_of(published, None)
    if (known := not_modified(request, etag, is_complete=track.is_complete)) is not None:
        return known
    text = await captions.read_captions(state.store, track)
    return text_response(request, lambda: text, etag=etag, media_type=WEBVTT, is_complete=track.is_complete)


async def _of_run(state: AppState, token: str, run_id: UUID, name: str) -> tuple[PlaybackGrant, Published]:
    grant = access.read_grant(state, token, PlaybackKind.VIDEO)
    if "\0" in name:
        raise _no_track(name)
    return grant, await access.granted(state, grant, run_id, (name,))


def _track(published: Published, name: str, *kinds: str) -> Track:
    track = next((each for each in published.tracks if each.name == name and each.kind in kinds), None)
    if track is None or not track.chunks:
        raise _no_track(name)
    return track


def _no_track(name: str) -> NotFoundError:
    return NotFoundError(f"This video has no track {name[:100]!r} that can be played", code="TRACK_NOT_FOUND")
