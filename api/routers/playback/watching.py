"""What players tell of what was watched."""

from typing import Any

from fastapi import APIRouter, Request

from api.deps import State
from api.json_input import decode
from api.json_models import as_model
from api.schemas.errors import refusals
from api.schemas.playback import Watched, WatchPost
from api.video import access, watching
from zilliance.tokens import PlaybackKind

router = APIRouter(prefix="/play/{token}", responses=refusals(400, 403, 413, 429, 503))

_EXAMPLE = {"session": "7c1d", "events": [{"type": "watch", "from": 0, "to": 12.4, "rate": 1, "at": 1790000000000}]}
_DOCUMENTED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            each: {"schema": {"type": "object"}, "example": _EXAMPLE} for each in ("application/json", "text/plain")
        },
    }
}


@router.post("/events", openapi_extra=_DOCUMENTED, summary="Tell what was watched")
async def tell(token: str, request: Request, state: State) -> Watched:
    """A batch of intervals; the same ones again change nothing.

    Any type of body is read as JSON: a browser that is about to leave sends text.
    """
    grant = access.read_grant(state, token, PlaybackKind.VIDEO)
    post = as_model(WatchPost, decode(await request.body()))
    return Watched(watched=await watching.record(state, grant, post))
