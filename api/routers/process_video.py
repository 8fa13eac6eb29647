"""`/functions/v1/process-video`: a video is processed, as the official clients ask for it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response

from api.deps import State, User
from api.json_models import body_of, documented
from api.schemas.errors import refusals
from api.schemas.videos import ProcessVideo
from api.video.runs import video_runs_of
from models.videos import VideoPublic

router = APIRouter(prefix="/functions/v1", tags=["functions"])

_OUTCOMES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Nothing is under way: the video's row, whose `status` is `ready` or `error`"},
    **refusals(400, 401, 403, 404, 409, 413, 429, 503),
    202: {"model": VideoPublic, "description": "It is being processed: the row, and in `Location` where to look"},
}


@router.post(
    "/process-video",
    response_model=VideoPublic,
    openapi_extra=documented(ProcessVideo),
    responses=_OUTCOMES,
    summary="Process a video",
)
async def process_video(
    asked: Annotated[ProcessVideo, Depends(body_of(ProcessVideo))],
    state: State,
    user: User,
    prefer: Annotated[str, Header(description="`respond-async` answers at once")] = "",
) -> Response:
    """Make of a video's upload what players can play. A repeat while that goes on, or when it is done, changes nothing.

    A video that was uploaded anew, or whose last processing failed, is processed once more.
    """
    wait = "respond-async" not in prefer.lower()
    answer = await video_runs_of(state).process(user, asked.video_id, force=False, wait=wait)
    if answer.ended:
        return Response(answer.row, media_type="application/json")
    headers = {"Location": f"/video/v1/videos/{asked.video_id}"}
    return Response(answer.row, 202, headers, media_type="application/json")
