"""Retries in tests of executions: what they retry, and what became of it."""

import json
from typing import Any
from uuid import UUID, uuid4

from api.executions.retries import AskedRetry
from tests.unit.http_stand_in import StandIn
from tests.workflows.running import Row, Runner

OUTSIDE = "http://outside.example.com"


def get(name: str, path: str, **more: Any) -> Row:
    return {name: {"call": "http", "with": {"method": "GET", "endpoint": f"{OUTSIDE}{path}"}, **more}}


def find(name: str = "find") -> Row:
    """A task that fails until the contact of the input is there."""
    return {name: {"call": "get-row", "with": {"table": "contacts", "id": "${ $workflow.input.id }"}}}


async def retry(runner: Runner, origin: str | UUID, point: str = "failed", **more: Any) -> Row:
    """Retry and wait for the end; the row."""
    answer = await runner.executions.retry(runner.identity, AskedRetry(UUID(str(origin)), point, **more))
    return await runner.ended(answer.execution_id)


async def change(runner: Runner, workflow: str, *tasks: Row, **parts: object) -> None:
    await runner.rows.connection.execute(
        "UPDATE workflows SET config = $2::jsonb WHERE id = $1", UUID(workflow), json.dumps({"do": tasks, **parts})
    )


async def contact(runner: Runner, name: str, identity: UUID | None = None) -> UUID:
    return await runner.rows.connection.fetchval(
        "INSERT INTO contacts (id, user_id, type, first_name) VALUES ($1, $2, 'individual', $3) RETURNING id",
        identity or uuid4(),
        runner.owner,
        name,
    )


def reused(row: Row) -> dict[str, bool]:
    return {task["name"]: task.get("reused", False) for task in row["tasks"]}


def asked(outside: StandIn, path: str) -> int:
    return sum(request.target == path for request in outside.requests)
