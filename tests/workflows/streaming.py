"""Events in tests of executions: tasks about them, and the stream as an account would use it."""

import asyncio
import json
from typing import Any
from uuid import UUID

from tests.workflows.running import Row, Runner


def emit(name: str, **attributes: object) -> Row:
    return {name: {"emit": {"event": {"with": attributes}}}}


async def stream(runner: Runner, owner: UUID | None = None) -> list[dict[str, Any]]:
    rows = await runner.rows.connection.fetch(
        "SELECT event::text FROM private.events WHERE user_id = $1 ORDER BY cursor", owner or runner.owner
    )
    return [json.loads(row["event"]) for row in rows]


def listen(name: str, to: Row, read: str = "data", **more: object) -> Row:
    return {name: {"listen": {"to": to, "read": read}, **more}}


# Holds an execution until `release`.
HELD: Row = listen("held", {"one": {"with": {"type": "go"}}})


async def release(runner: Runner, execution: UUID, listeners: int = 1) -> None:
    """Let an execution go on that comes to HELD, so often."""
    await until_listening(runner, execution, listeners)
    await publish(runner, event("go", 1))


async def publish(runner: Runner, *events: Row, owner: UUID | None = None) -> None:
    """As `POST /events/v1` does for an account."""
    await runner.rows.connection.execute(
        "SELECT private.store_events($1, $2::jsonb, NULL, 0)", owner or runner.owner, json.dumps(events)
    )


def event(kind: str, number: int, **more: object) -> Row:
    return {"specversion": "1.0", "id": str(number), "source": "/test", "type": kind, **more}


async def until_listening(runner: Runner, execution: UUID, listeners: int = 1) -> None:
    statement = "SELECT count(*) FROM private.event_interests WHERE execution_id = $1"
    while await runner.rows.connection.fetchval(statement, execution) < listeners:  # noqa: ASYNC110  rows send no event
        await asyncio.sleep(0.05)


async def interests(runner: Runner) -> int:
    return await runner.rows.count("private.event_interests", runner.owner)


async def runs(runner: Runner, definition: UUID, number: int) -> list[Row]:
    """The executions of a definition, as soon as there are so many and all have ended."""
    statement = (
        "SELECT to_jsonb(e)::text AS row FROM workflow_executions AS e WHERE workflow_id = $1"
        " AND status NOT IN ('pending', 'running') ORDER BY e.id"
    )
    while len(rows := await runner.rows.connection.fetch(statement, definition)) < number:  # noqa: ASYNC110  likewise
        await asyncio.sleep(0.05)
    return [json.loads(row["row"]) for row in rows]


async def until_routed(runner: Runner) -> None:
    """Wait until every event of the account is decided."""
    statement = "SELECT count(*) FROM private.events WHERE user_id = $1 AND status = 'pending'"
    while await runner.rows.connection.fetchval(statement, runner.owner):  # noqa: ASYNC110  likewise
        await asyncio.sleep(0.05)
