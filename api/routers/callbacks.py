"""`/hooks/v1/callbacks/{token}`: URLs that workflows wait behind. The token is all that a caller needs."""

from fastapi import APIRouter, Request

from api.deps import State
from api.executions.callbacks import Callbacks
from api.schemas.errors import refusals

router = APIRouter(prefix="/hooks/v1/callbacks", tags=["workflows"], responses=refusals(400, 404, 409, 413, 503))


@router.post("/{token}", status_code=202, summary="Answer a workflow")
@router.post("/{token}/{path:path}", status_code=202, include_in_schema=False)
async def answer_callback(token: str, request: Request, state: State) -> dict[str, bool]:
    """The one answer that a waiting task takes: JSON as it is, anything else as text."""
    callbacks = Callbacks(state.service, state.temporal)
    await callbacks.answer(token, await request.body(), request.headers.get("content-type", ""))
    return {"accepted": True}
