"""A definition of the caller's as a chart."""

from uuid import UUID

from workflows.json_text import read_json
from workflows.language.diagram import diagram
from workflows.language.documents import normalise
from workflows.language.problems import WorkflowFault
from workflows.language.shapes import as_map
from zilliance.database import READING, Database
from zilliance.errors import InvalidInputError, NotFoundError
from zilliance.identity import Identity

_DEFINITION = "SELECT w.name, w.config::text AS config FROM public.workflows AS w WHERE w.id = $1"


async def read_diagram(database: Database, caller: Identity, definition_id: UUID) -> str:
    """In the language of Mermaid. Raises NotFoundError, and InvalidInputError for what is no definition."""
    async with database.transaction(caller, READING) as connection:
        row = await connection.fetchrow(_DEFINITION, definition_id)
    if row is None:
        raise NotFoundError(f"There is no workflow {definition_id}", code="WORKFLOW_NOT_FOUND")
    try:
        document = as_map(read_json(row["config"]), "config")
        return diagram(normalise(document, row["name"]))
    except WorkflowFault as error:
        message = f"The workflow's config cannot be drawn: {error}"
        raise InvalidInputError(message, code="WORKFLOW_INVALID") from error
