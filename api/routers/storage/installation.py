"""What storage says of itself."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from api.routers.storage.deps import REFUSALS
from api.storage.failures import invalid_request

router = APIRouter()

VERSION = "1.0.0"


@router.get("/status", response_class=Response, summary="Whether storage is there")
async def status() -> Response:
    return Response()


@router.get("/version", response_class=PlainTextResponse, summary="Which version it is")
async def version() -> str:
    return VERSION


@router.get("/health", summary="Whether storage is healthy")
async def health() -> Mapping[str, bool]:
    return {"healthy": True}


@router.get("/render/image/{path:path}", responses=REFUSALS, include_in_schema=False)
async def render(path: str) -> Response:
    """Said in words: a front end that asks for a smaller picture must not take it for missing."""
    raise invalid_request(f"Images are not transformed here: read object/{path} as it is, without transform")
