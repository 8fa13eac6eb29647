"""`/workflows/v1/functions` and `/workflows/v1/schema`: what editors of documents need to know."""

from typing import Any

from fastapi import APIRouter

from api.deps import User
from api.schemas.errors import refusals
from api.services.catalogue import document_schema, functions

router = APIRouter(prefix="/workflows/v1", tags=["workflows"], responses=refusals(401))


@router.get("/functions", summary="List the functions of workflows")
async def list_functions(user: User) -> dict[str, Any]:  # noqa: ARG001
    """Every function that `call` knows: what it takes and gives as JSON Schema, and how it is repeated and undone."""
    return {"items": functions(), "next": None}


@router.get("/schema", summary="Read the schema of workflows")
async def get_schema(user: User) -> dict[str, Any]:  # noqa: ARG001
    """A JSON Schema of the documents that this server runs, for editors to complete and check as one types."""
    return document_schema()
