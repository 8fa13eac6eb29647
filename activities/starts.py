"""Starts on Temporal of what was accepted and not started by whoever accepted it: bounded, by any number of workers."""

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.starting import start_execution
from zilliance.database import Database

PAGE = 100
AT_ONCE = 16
AGAIN_AFTER = timedelta(seconds=10)  # should this process die with what it took


class ExecutionStarts:
    """Runs whose start is due."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def start_due(self, limit: int = PAGE) -> int:
        """Start up to `limit`; how many were taken. Those that Temporal does not take now are due again soon.

        Raises UnavailableError when PostgreSQL cannot be reached.
        """
        async with self._database.service(reason="starts what everybody's callers were promised") as connection:
            rows = await connection.fetch("SELECT * FROM private.claim_starts($1, $2)", AGAIN_AFTER, limit)
        runs = [ExecuteWorkflowInput.model_validate(dict(row)) for row in rows]
        slots = asyncio.Semaphore(AT_ONCE)
        started = await asyncio.gather(*(self._start(run, slots) for run in runs))
        if known := [each for each in started if each is not None]:
            await self._database.call(
                "SELECT private.forget_starts($1)", known, reason="what waits to be started is the platform's"
            )
        return len(runs)

    async def _start(self, run: ExecuteWorkflowInput, slots: asyncio.Semaphore) -> UUID | None:
        async with slots:
            try:
                await start_execution(self._client, run)
            except WorkflowAlreadyStartedError:
                pass  # and it has ended
            except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
                return None
        return run.execution_id
