"""`/workflows/v1/definitions/{id}/versions`: what a definition once was, what changed, and the way back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from api.deps import State, User
from api.executions.versions import Versions
from api.schemas.errors import refusals
from api.schemas.versions import DiffAnswer, VersionAnswer, VersionNumber, VersionPage, VersionQuery
from models.workflows import WorkflowPublic

router = APIRouter(
    prefix="/workflows/v1/definitions/{definition_id}/versions",
    tags=["workflows"],
    responses=refusals(400, 401, 403, 404, 503),
)

Number = Annotated[VersionNumber, Path(description="The number of a version")]


@router.get("", response_model=VersionPage, summary="List versions")
async def list_versions(
    definition_id: UUID, query: Annotated[VersionQuery, Query()], state: State, user: User
) -> Response:
    """The definition's versions, newest first. None is ever changed."""
    return Response(await Versions(state.database).list(user, definition_id, query), media_type="application/json")


@router.get("/{version}", response_model=VersionAnswer, summary="Read a version")
async def get_version(definition_id: UUID, version: Number, state: State, user: User) -> Response:
    """One version with its document."""
    return Response(await Versions(state.database).read(user, definition_id, version), media_type="application/json")


@router.get("/{version}/diff", response_model=DiffAnswer, summary="Compare two versions")
async def diff_versions(
    definition_id: UUID, version: Number, against: Annotated[VersionNumber, Query()], state: State, user: User
) -> Response:
    """What makes `version` of `against`: added, removed and changed parts by JSON pointer, tasks by their names."""
    body = await Versions(state.database).compare(user, definition_id, version, against)
    return Response(body, media_type="application/json")


@router.post("/{version}/revert", response_model=WorkflowPublic, summary="Go back to a version")
async def revert_version(definition_id: UUID, version: Number, state: State, user: User) -> Response:
    """Its document becomes the current one, in a new version; runs under way keep theirs."""
    body = await Versions(state.database).revert(user, definition_id, version)
    return Response(body, media_type="application/json")
