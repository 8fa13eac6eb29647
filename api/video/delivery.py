"""How players come to the bytes of a track: by URLs that the S3 store checks, or through the API."""

from datetime import UTC, datetime, timedelta

from api.state import AppState
from api.video.media_playlists import ChunkUrl
from api.video.published import Chunk, Published, Track
from zilliance.settings import Delivery
from zilliance.signed_objects import ObjectUrls
from zilliance.tokens import PlaybackGrant

SHORTEST_SECONDS = 6 * 3600
IMMUTABLE = "private, max-age=31536000, immutable"  # keys of objects are used once
MEDIA_TYPES = {"video": "video/mp4", "audio": "audio/mp4", "storyboard": "image/jpeg", "subtitles": "text/vtt"}
SUFFIXES = {"video": "mp4", "audio": "mp4", "storyboard": "jpg", "subtitles": "vtt"}


def is_proxied(state: AppState, grant: PlaybackGrant) -> bool:
    return grant.through_api or state.settings.video.delivery is Delivery.PROXY


def hour_of(state: AppState, grant: PlaybackGrant) -> datetime | None:
    """From when URLs are signed; None where none are.

    Whole hours: as long as URLs stay equal, browsers find in their cache what they have loaded.
    """
    if is_proxied(state, grant):
        return None
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def chunk_urls(state: AppState, published: Published, track: Track, hour: datetime | None, base: str = "") -> ChunkUrl:
    """Where the chunks of a track are. `base` stands before URLs of the API, and leads to the folder of the run."""
    if hour is None:
        suffix = SUFFIXES[track.kind]
        return lambda chunk: f"{base}media/{track.name}/{chunk.number}.{suffix}"
    urls = ObjectUrls(state.settings.storage)
    seconds = max(SHORTEST_SECONDS, int(2 * published.duration)) + int(timedelta(hours=1).total_seconds())
    said = {"response-content-type": MEDIA_TYPES[track.kind], "response-cache-control": IMMUTABLE}

    def url_of(chunk: Chunk) -> str:
        return urls.sign(chunk.object_key, seconds=seconds, query=said, at=hour)

    return url_of
