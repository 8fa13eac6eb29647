"""What was watched, as the players tell it: written down in one statement, which believes what can be."""

from datetime import UTC, datetime
from uuid import UUID

from api.schemas.playback import MOST_RATE, WatchPost
from api.state import AppState
from api.video.access import refused
from api.video.runs import no_such_video
from zilliance.database import READING
from zilliance.errors import RateLimitedError
from zilliance.identity import Identity
from zilliance.tokens import PlaybackGrant

_RECORD = "SELECT * FROM private.record_watch($1, $2, $3, $4, $5, $6, $7, $8)"


async def record(state: AppState, grant: PlaybackGrant, post: WatchPost) -> float:
    """Count what is new in a post; how many seconds its session has watched.

    Raises ForbiddenError, RateLimitedError when more sessions have watched today than are kept, or tell it at once.
    """
    async with state.watching.taken(grant.video_id):
        row = await state.service.fetch_one(
            _RECORD,
            *(grant.video_id, grant.generation, grant.viewer, post.session),
            datetime.fromtimestamp(grant.issued_at, UTC),
            min(MOST_RATE, max((event.rate for event in post.events), default=1.0)),
            [round(event.start * 1000) for event in post.events],
            [round(event.to * 1000) for event in post.events],
            reason="the token is what permits, and its holder may have no account",
        )
    if row["outcome"] == "refused":
        raise refused()
    if row["outcome"] == "full":
        raise RateLimitedError(
            "More sessions have watched this video, or all of its owner's, today than count", code="TOO_MANY_SESSIONS",
            headers={"Retry-After": "3600"},
        )  # fmt: skip
    return row["watched"] / 1000


async def statistics(state: AppState, caller: Identity, video_id: UUID, days: int) -> str:
    """JSON of views and watch time. Raises NotFoundError."""
    async with state.transaction(caller, READING) as connection:
        text: str | None = await connection.fetchval("SELECT private.video_statistics($1, $2)", video_id, days)
    if text is None:
        raise no_such_video(video_id)
    return text
