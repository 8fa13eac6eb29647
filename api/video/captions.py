"""Captions as they were published: WebVTT that says where its clock is on that of the media."""

from api.video.published import Track
from zilliance.errors import NotFoundError, TooLargeError
from zilliance.storage import MissingObjectError, ObjectStore

MOST_BYTES = 16 * 1024 * 1024


async def read_captions(store: ObjectStore, track: Track) -> str:
    """The file of a track. Raises NotFoundError, TooLargeError."""
    if sum(chunk.size for chunk in track.chunks) > MOST_BYTES:
        raise TooLargeError(f"The captions are larger than {MOST_BYTES:,} bytes", code="CAPTIONS_TOO_LARGE")
    try:
        body = b"".join([await store.fetch(chunk.object_key) for chunk in track.chunks])
    except MissingObjectError as error:
        raise NotFoundError("These captions are no longer there", code="TRACK_NOT_FOUND") from error
    return body.decode("utf-8", "replace")
