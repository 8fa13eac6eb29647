"""The bytes of tracks, for installations whose S3 store players cannot reach."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from api.byte_ranges import UnsatisfiableRangeError, span_of
from api.deps import State
from api.object_responses import ObjectResponse
from api.schemas.errors import Refusal, refusals
from api.video import access
from api.video.access import StoredChunk
from api.video.delivery import IMMUTABLE, MEDIA_TYPES, SUFFIXES
from zilliance.errors import AppError
from zilliance.tokens import PlaybackKind

_BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **refusals(400, 403, 404, 503),
    200: {"description": "The object", **_BYTES},
    206: {"description": "The bytes that were asked for", **_BYTES},
    304: {"description": "The asker has it already"},
    416: {"model": Refusal, "description": "The object has none of these bytes"},
}
router = APIRouter(prefix="/play/{token}", responses=_ANSWERS, default_response_class=Response)

_OK, _PARTIAL, _NOT_MODIFIED = 200, 206, 304
_TYPES = {SUFFIXES[kind]: media_type for kind, media_type in reversed(MEDIA_TYPES.items())}
_FILE = re.compile(rf"([0-9]{{1,9}})\.({'|'.join(_TYPES)})")


@dataclass(frozen=True, slots=True)
class _Asked:
    """An object that the token permits to read."""

    chunk: StoredChunk
    etag: str
    media_type: str


async def _asked(token: str, run_id: UUID, track: str, file: str, state: State) -> _Asked:
    grant = access.read_grant(state, token, PlaybackKind.VIDEO, PlaybackKind.STORYBOARD)
    name = _FILE.fullmatch(file)
    if name is None or (grant.kind is PlaybackKind.STORYBOARD and track != "storyboard"):
        raise access.refused()
    chunk = await access.stored_chunk(state, grant, run_id, track, int(name[1]))
    return _Asked(chunk, f'"{run_id.hex}-{track}-{name[1]}"', _TYPES[name[2]])


@router.get("/{run_id}/media/{track}/{file}", summary="The bytes of a track")
@router.head("/{run_id}/media/{track}/{file}", include_in_schema=False)
async def media(asked: Annotated[_Asked, Depends(_asked)], request: Request, state: State) -> Response:
    """One object, or the range of it that is asked for, as it comes from the store."""
    chunk, etag = asked.chunk, asked.etag
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE, "Accept-Ranges": "bytes"}
    if etag in {each.strip() for each in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    span = _span(request, chunk.size, etag)
    first, last = span or (0, chunk.size - 1)
    headers |= {"Content-Type": asked.media_type, "Content-Length": str(last - first + 1)}
    if span is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{chunk.size}"
    status = _OK if span is None else _PARTIAL
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return ObjectResponse(
        state.store, chunk.object_key, status=status, headers=headers, span=span, missing=access.refused
    )


def _span(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """A part is of no use to who has the other part of something else."""
    if request.headers.get("if-range", etag).strip() != etag:
        return None
    try:
        return span_of(size, request.headers.get("range", ""))
    except UnsatisfiableRangeError as error:
        raise AppError(
            f"The object has {size} bytes, and none of the range asked for",
            status=416,
            code="INVALID_RANGE",
            headers={"Content-Range": f"bytes */{size}"},
        ) from error
