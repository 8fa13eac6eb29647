"""Versions of the caller's definitions: listed, read, compared, put back."""

from typing import Any
from uuid import UUID

import orjson

from api.executions.definitions import checked
from api.executions.version_diffs import changes_between
from api.schemas.versions import VersionQuery
from workflows.json_text import read_json
from zilliance.database import READING, Connection, Database
from zilliance.errors import NotFoundError
from zilliance.identity import Identity


class Versions:
    """The versions of definitions of whoever calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, caller: Identity, workflow_id: UUID, query: VersionQuery) -> bytes:
        """A page as JSON `{"items", "next"}`. Raises NotFoundError."""
        async with self._database.transaction(caller, READING) as connection:
            page: str | None = await connection.fetchval(
                "SELECT private.list_versions($1, $2, $3)", workflow_id, query.after, query.limit
            )
        if page is None:
            raise NotFoundError(f"There is no workflow {workflow_id}", code="WORKFLOW_NOT_FOUND")
        return page.encode()

    async def read(self, caller: Identity, workflow_id: UUID, version: int) -> bytes:
        """One with its document, as JSON. Raises NotFoundError."""
        async with self._database.transaction(caller, READING) as connection:
            found: str | None = await connection.fetchval("SELECT private.version_json($1, $2)", workflow_id, version)
        if found is None:
            raise _missing(version)
        return found.encode()

    async def compare(self, caller: Identity, workflow_id: UUID, version: int, against: int) -> bytes:
        """What makes the one of the other, as JSON. Raises NotFoundError."""
        async with self._database.transaction(caller, READING) as connection:
            _, old = await _document(connection, workflow_id, against)
            _, new = await _document(connection, workflow_id, version)
        changes, has_more = changes_between(read_json(old), read_json(new))
        return orjson.dumps({"version": version, "against": against, "changes": changes, "has_more": has_more})

    async def revert(self, caller: Identity, workflow_id: UUID, version: int) -> bytes:
        """Make an old document the current one, in a new version; the definition's row as JSON.

        Raises NotFoundError, and InvalidInputError for a document that could not be written today.
        """
        async with self._database.transaction(caller) as connection:
            name, document = await _document(connection, workflow_id, version)
            checked(read_json(document), name)
            row: str | None = await connection.fetchval(
                "UPDATE public.workflows AS w SET config = $2::jsonb WHERE w.id = $1 RETURNING row_to_json(w)::text",
                workflow_id,
                document,
            )
        if row is None:
            raise _missing(version)
        return row.encode()


async def _document(connection: Connection, workflow_id: UUID, version: int) -> tuple[str, str]:
    """The definition's name and a version's document."""
    row: Any = await connection.fetchrow("SELECT * FROM private.definition_text($1, $2)", workflow_id, version)
    if row is None:
        raise _missing(version)
    return row["name"], row["document"]


def _missing(version: int) -> NotFoundError:
    return NotFoundError(f"The workflow has no version {version}, or is not there", code="WORKFLOW_VERSION_NOT_FOUND")
