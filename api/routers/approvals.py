"""`/workflows/v1/approvals`: what workflows ask of people."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from api.deps import State, User
from api.executions.approvals import Approvals, read_decision
from api.json_input import read_json
from api.schemas.errors import refusals
from api.state import AppState

router = APIRouter(
    prefix="/workflows/v1/approvals", tags=["workflows"], responses=refusals(400, 401, 403, 404, 409, 413, 503)
)

Box = Literal["assigned", "requested"]
Status = Literal["pending", "approved", "rejected", "expired", "withdrawn"]

_DECIDE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["decision"],
                    "properties": {
                        "decision": {"enum": ["approved", "rejected"]},
                        "comment": {"type": "string", "maxLength": 10_000},
                        "data": {"description": "What the approval's form asks for"},
                    },
                }
            }
        },
    }
}


def _approvals(state: AppState) -> Approvals:
    return Approvals(state.database, state.service, state.temporal)


@router.get("", summary="List approvals")
async def list_approvals(
    state: State,
    user: User,
    *,
    box: Annotated[Box, Query(description="`assigned` or `requested`")] = "assigned",
    status: Annotated[Status | None, Query(description="Only those that stand so")] = None,
    after: Annotated[UUID | None, Query(description="The `next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Approvals of the caller's, newest first: `{"items": [...], "next": id or null}`."""
    return await _approvals(state).list(user, box=box, status=status, after=after, limit=limit)


@router.get("/{approval_id}", summary="Read an approval")
async def get_approval(approval_id: UUID, state: State, user: User) -> dict[str, Any]:
    """One approval, as its owner or as somebody who may decide it sees it."""
    return await _approvals(state).find(user, approval_id)


@router.post("/{approval_id}/decide", openapi_extra=_DECIDE_BODY, summary="Approve or reject")
async def decide_approval(approval_id: UUID, request: Request, state: State, user: User) -> dict[str, Any]:
    """Decide, once: the first decision stands, and the workflow goes on with it."""
    decision = read_decision(await read_json(request))
    return await _approvals(state).decide(user, approval_id, decision)
