"""What storage says of itself."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

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
