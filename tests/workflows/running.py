"""Runs documents as an account would through the API's own service, and reads what its row says."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from api.acceptance import Acceptance
from api.executions.accepting import Asked
from api.executions.executions import Answer, Executions
from tests.activities.support import Rows
from tests.identities import account
from workflows.names import execution_workflow_id
from zilliance.database import Database
from zilliance.identity import Identity

Row = dict[str, Any]
MOST_OPEN = 1000
PATIENCE = 280.0  # less than a test may take; nothing here is about speed


@dataclass
class Runner:
    """One account."""

    owner: UUID
    rows: Rows
    executions: Executions

    @classmethod
    async def sign_up(cls, rows: Rows, database: Database, client: Client) -> "Runner":
        acceptance = Acceptance.of(database, most_open=MOST_OPEN)
        executions = Executions(database, client, acceptance, eager=True, wait_seconds=PATIENCE)
        return cls(await rows.account(), rows, executions)

    @property
    def identity(self) -> Identity:
        return account(self.owner)

    async def define(self, *tasks: Row, **parts: object) -> UUID:
        return await self.rows.definition(self.owner, {"do": list(tasks), **parts})

    async def execute(
        self,
        definition: UUID,
        data: object = None,
        *,
        key: str | None = None,
        version: int | None = None,
        wait: bool = True,
    ) -> Answer:
        return await self.executions.execute(self.identity, Asked(definition, data, version, key), wait=wait)

    async def run(self, *tasks: Row, data: object = None, **parts: object) -> Row:
        """Run a document to its end; its row."""
        answer = await self.execute(await self.define(*tasks, **parts), data)
        assert answer.ended
        return json.loads(answer.row)

    async def start(self, *tasks: Row, data: object = None, **parts: object) -> UUID:
        answer = await self.execute(await self.define(*tasks, **parts), data, wait=False)
        await self.until_started(answer.execution_id)
        return answer.execution_id

    async def until_started(self, execution_id: UUID) -> None:
        """The answer does not wait for Temporal, and some tests ask Temporal next."""
        while True:
            try:
                await self.handle(execution_id).describe()
            except RPCError:
                await asyncio.sleep(0.02)
            else:
                return

    async def row(self, execution_id: UUID) -> Row:
        return json.loads((await self.executions.find(self.identity, execution_id)).row)

    def handle(self, execution_id: UUID) -> WorkflowHandle[Any, Any]:
        return self.executions.temporal.get_workflow_handle(execution_workflow_id(execution_id))

    async def until_contacts(self, number: int) -> None:
        """Wait until an execution has come so far."""
        while await self.rows.count("contacts", self.owner) < number:  # noqa: ASYNC110  rows send no event
            await asyncio.sleep(0.05)

    async def ended(self, execution_id: UUID) -> Row:
        await self.executions._ended(self.handle(execution_id))
        return await self.row(execution_id)


def create(name: str, first_name: str, table: str = "contacts", **metadata: object) -> Row:
    task: Row = {
        "call": "create-row",
        "with": {"table": table, "values": {"type": "individual", "first_name": first_name}},
    }
    return {name: task | ({"metadata": metadata} if metadata else {})}


def update(name: str, row: str, **values: object) -> Row:
    return {name: {"call": "update-row", "with": {"table": "contacts", "id": row, "values": values}}}


def fail(name: str = "refuse") -> Row:
    return {name: {"raise": {"error": {"type": "https://example.com/errors/no", "status": 400, "title": "No"}}}}


def statuses(row: Row) -> dict[str, str]:
    return {task["name"]: task["status"] for task in row["tasks"]}
