"""`/workflows/v1/definitions/{id}/graph`: a definition as a chart."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import State, User
from api.executions.diagrams import read_diagram
from api.schemas.errors import refusals

router = APIRouter(prefix="/workflows/v1/definitions/{definition_id}", tags=["workflows"])

_MERMAID = "text/vnd.mermaid"


@router.get(
    "/graph",
    response_class=Response,
    responses={
        200: {"content": {_MERMAID: {"schema": {"type": "string"}}}, "description": "A flowchart"},
        **refusals(400, 401, 403, 404, 503),
    },
    summary="Draw a definition",
)
async def get_graph(definition_id: UUID, state: State, user: User) -> Response:
    """The definition as a flowchart in Mermaid's language, which wikis, editors and its own page draw."""
    return Response(await read_diagram(state.database, user, definition_id), media_type=_MERMAID)
