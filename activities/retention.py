"""Retention: executions that ended long ago go, with their effects, their keys and the objects of their payloads."""

import asyncio
from uuid import UUID

from temporalio import activity

from activities.heartbeat import heartbeating
from workflows.contracts.upkeep import ExpiryResult
from workflows.names import execution_workflow_id, rollback_workflow_id
from workflows.stubs import RetentionActivities
from zilliance.database import Database
from zilliance.payloads import discard_payloads
from zilliance.storage import ObjectStore

BATCH = 200
MOST = 20_000  # of one pass; the next one goes on
AT_ONCE = 8

_REASON = "executions are the platform's to delete when their time is over"


class StoredRetentionActivities(RetentionActivities):
    """On PostgreSQL and the S3 store.

    Objects go first and their row after them, so whoever dies in between leaves a row whose objects go once more.
    """

    def __init__(self, database: Database, store: ObjectStore, *, days: int) -> None:
        self._database = database
        self._store = store
        self._days = days

    @activity.defn(name="upkeep.expire-executions")
    async def expire_executions(self) -> ExpiryResult:
        deleted = 0
        async with heartbeating():
            while deleted < MOST and (expired := await self._expired()):
                now = await self._delete(expired)
                deleted += now
                if not now:
                    break  # all of them have come to be needed
            await self._database.call("SELECT private.delete_jobs($1)", self._days, reason=_REASON)
        return ExpiryResult(deleted=deleted)

    async def _expired(self) -> list[UUID]:
        async with self._database.service(reason=_REASON) as connection:
            rows = await connection.fetch("SELECT id FROM private.expired_executions($1, $2)", self._days, BATCH)
        return [row["id"] for row in rows]

    async def _delete(self, expired: list[UUID]) -> int:
        slots = asyncio.Semaphore(AT_ONCE)

        async def discard(execution_id: UUID) -> None:
            async with slots:
                for workflow_id in (execution_workflow_id(execution_id), rollback_workflow_id(execution_id)):
                    await discard_payloads(self._store, workflow_id)

        await asyncio.gather(*(discard(each) for each in expired))
        number = await self._database.call("SELECT private.delete_executions($1)", expired, reason=_REASON)
        return int(str(number))
