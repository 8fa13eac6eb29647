"""Executions that executions begin: their rows, how they ended, and what a completed one has done."""

import json
import zlib
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from temporalio import activity

from activities.faults import fault, of_postgres
from workflows.contracts.execution import ENGINE, ExecuteWorkflowInput
from workflows.contracts.sub_workflows import RolledBackInput, SubWorkflowInput
from workflows.json_text import read_json, storable
from workflows.language.problems import Kind
from workflows.language.schemas import SchemaError, compile_schema
from workflows.stubs import SubWorkflowActivities
from zilliance.database import Database, PostgresError

_REASON = "executions are written by the platform alone"


class SqlSubWorkflowActivities(SubWorkflowActivities):
    """Sub-workflows on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="sub-workflow.begin")
    async def begin(self, wanted: SubWorkflowInput) -> ExecuteWorkflowInput:
        try:
            async with self._database.service(reason=_REASON) as connection:
                found = await connection.fetchrow(
                    "SELECT * FROM private.find_sub_workflow($1, $2, $3, $4, $5, $6)",
                    wanted.execution_id,
                    wanted.key,
                    wanted.owner_id,
                    wanted.namespace,
                    wanted.name,
                    wanted.version,
                )
                target = cast("Mapping[str, Any]", found)
                if target["execution_id"] is None:
                    _check_input(target["document"], wanted)
                begun = await connection.fetchrow(
                    "SELECT * FROM private.begin_sub_workflow($1, $2, $3, $4, $5, $6::jsonb)",
                    wanted.execution_id,
                    wanted.key,
                    wanted.owner_id,
                    target["workflow_id"],
                    target["version"],
                    storable(wanted.input),
                )
        except PostgresError as error:
            raise of_postgres(error) or error from error
        row = cast("Mapping[str, Any]", begun)
        return ExecuteWorkflowInput(
            execution_id=row["execution_id"],
            owner_id=wanted.owner_id,
            definition_id=target["workflow_id"],
            version=target["version"],
            name=target["name"],
            started_at=row["started_at"],
            is_undoable=wanted.waits,
        )

    @activity.defn(name="sub-workflow.outcome")
    async def outcome(self, execution_id: UUID) -> str:
        text = await self._database.call(
            "SELECT private.execution_outcome($1)::text", execution_id, reason="its parent asks how it ended"
        )
        return "{}" if text is None else str(text)

    @activity.defn(name="sub-workflow.load-journal")
    async def load_journal(self, execution_id: UUID) -> bytes:
        async with self._database.service(reason="the platform reads what it is about to undo") as connection:
            row = await connection.fetchrow("SELECT * FROM private.load_journal($1)", execution_id)
        if row is None:
            return b""
        run = ExecuteWorkflowInput(execution_id=execution_id, engine=ENGINE, **{name: row[name] for name in _RUN})
        head = json.dumps({"run": run.model_dump(mode="json"), "document": row["document"]})
        text = f'{head[:-1]}, "input": {row["trigger_data"]}, "checkpoint": {row["checkpoint"]}}}'
        return zlib.compress(text.encode(), level=1)

    @activity.defn(name="sub-workflow.rolled-back")
    async def rolled_back(self, end: RolledBackInput) -> None:
        await self._database.call(
            "SELECT private.record_rollback($1, $2, $3::jsonb)",
            end.execution_id,
            end.status,
            storable(end.tasks),
            reason=_REASON,
        )


_RUN = ("owner_id", "definition_id", "version", "name", "started_at")


def _check_input(document: str, wanted: SubWorkflowInput) -> None:
    """Raises a validation fault for an input that the target's own schema refuses, before there is a row of it."""
    schema = _member(_member(_member(read_json(document), "input"), "schema"), "document")
    if schema is None:
        return
    try:
        faults = compile_schema(schema).faults_of(read_json(wanted.input))
    except SchemaError as error:
        raise fault(Kind.CONFIGURATION, f"the input schema of {wanted.namespace}/{wanted.name}: {error}") from error
    if faults is not None:
        detail = f"the input does not match the schema of {wanted.namespace}/{wanted.name}: {faults}"
        raise fault(Kind.VALIDATION, detail)


def _member(value: object, name: str) -> object:
    return cast("Mapping[str, object]", value).get(name) if isinstance(value, Mapping) else None
