"""Who may play a video, and what there is of it: answered by one round trip to the database."""

from dataclasses import dataclass
from time import time
from typing import Any
from uuid import UUID

import orjson

from api.state import AppState
from api.video.published import Chunk, Published, Track
from api.video.runs import no_such_video
from zilliance.database import Record
from zilliance.errors import ConflictError, ForbiddenError, NotFoundError
from zilliance.identity import Identity
from zilliance.tokens import InvalidTokenError, PlaybackGrant, PlaybackKind

_PLAYBACK = "SELECT * FROM private.video_playback($1, $2, $3, $4, $5, $6)"
_OBJECT = "SELECT * FROM private.video_object($1, $2, $3, $4, $5)"
_NO_TRACKS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """An object of a track."""

    object_key: str
    size: int


def read_grant(state: AppState, token: str, *kinds: PlaybackKind) -> PlaybackGrant:
    """What a token permits. Raises ForbiddenError, the same for whatever is wrong with it."""
    try:
        grant = state.tokens.playback.verify(token)
    except InvalidTokenError as error:
        raise refused() from error
    if grant.kind not in kinds:
        raise refused()
    return grant


def refused() -> ForbiddenError:
    return ForbiddenError(
        "This playback link is not valid, or no longer: ask the video's owner for a new one", code="PLAYBACK_REFUSED"
    )


async def granted(
    state: AppState, grant: PlaybackGrant, run_id: UUID | None = None, tracks: tuple[str, ...] | None = None
) -> Published:
    """What the holder of a grant may play: the newest run or the one given, with the chunks of these tracks, or of all.

    Raises ForbiddenError, NotFoundError.
    """
    rows = await state.service.fetch(
        _PLAYBACK, grant.video_id, grant.generation, None, None, run_id, tracks, reason=_HOLDERS
    )
    if not rows:
        raise refused()
    return _published(grant.video_id, rows[0]) or _raise_nothing()


async def owned(state: AppState, caller: Identity, video_id: UUID, tracks: tuple[str, ...] | None = None) -> Published:
    """What the caller may play of a video of its own. Raises NotFoundError."""
    return await _owned(state, caller, video_id, tracks) or _raise_nothing()


async def grant_of(state: AppState, caller: Identity, video_id: UUID) -> Published:
    """As `owned`, without chunks. Raises NotFoundError, ConflictError as long as nothing can be played."""
    published = await _owned(state, caller, video_id, _NO_TRACKS)
    if published is None:
        raise ConflictError(
            "Nothing of this video can be played yet: its row says in `status` and `progress` how far it is",
            code="VIDEO_NOT_PLAYABLE",
        )
    return published


async def end_grants(state: AppState, caller: Identity, video_id: UUID) -> None:
    """Every token of a video that was given out is refused from now on. Raises NotFoundError."""
    async with state.transaction(caller) as connection:
        if not await connection.fetchval("SELECT private.end_playback($1)", video_id):
            raise no_such_video(video_id)


async def stored_chunk(state: AppState, grant: PlaybackGrant, run_id: UUID, track: str, number: int) -> StoredChunk:
    """The object that a URL of the proxy means. Raises ForbiddenError."""
    if "\0" in track:
        raise refused()
    rows = await state.service.fetch(_OBJECT, grant.video_id, grant.generation, run_id, track, number, reason=_HOLDERS)
    if not rows:
        raise refused()
    return StoredChunk(rows[0]["object_key"], rows[0]["size"])


def new_grant(
    published: Published,
    viewer: str,
    *,
    seconds: int,
    kind: PlaybackKind = PlaybackKind.VIDEO,
    through_api: bool = False,
) -> PlaybackGrant:
    now = int(time())
    return PlaybackGrant(
        published.video_id, viewer, kind, published.generation, now, now + seconds, through_api=through_api
    )


_HOLDERS = "the token is what permits, and its holder may have no account"


async def _owned(state: AppState, caller: Identity, video_id: UUID, tracks: tuple[str, ...] | None) -> Published | None:
    arguments = (video_id, None, caller.user_id, caller.session_id, None, tracks)
    rows = await state.service.fetch(
        _PLAYBACK,
        *arguments,
        reason="asked for a caller whose token was verified; the statement checks owner and session",
    )
    if not rows:
        raise no_such_video(video_id)
    return _published(video_id, rows[0])


def _raise_nothing() -> Published:
    raise NotFoundError(
        "Nothing of this video can be played, or what was played is no longer there: load it again later",
        code="VIDEO_NOT_PLAYABLE",
    )


def _published(video_id: UUID, row: Record) -> Published | None:
    if row["run_id"] is None:
        return None
    tracks = tuple(_track(each) for each in orjson.loads(row["tracks"] or "[]"))
    longest = max((track.seconds for track in tracks if track.kind in {"video", "audio"}), default=0.0)
    return Published(
        video_id=video_id,
        owner_id=row["owner_id"],
        generation=row["generation"],
        run_id=row["run_id"],
        revision=row["revision"],
        duration=row["duration"] or longest,
        poster_url=row["poster_url"],
        tracks=tracks,
    )


def _track(each: dict[str, Any]) -> Track:
    chunks = tuple(Chunk(*chunk) for chunk in each.pop("chunks") or ())
    return Track(**each, chunks=chunks)
