"""The sweep: what no object points at any more leaves the S3 store."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from temporalio import activity

from activities.heartbeat import heartbeating
from workflows.contracts.upkeep import SweepResult
from workflows.stubs import StorageUpkeepActivities
from zilliance.database import Database
from zilliance.errors import UnavailableError
from zilliance.storage import ObjectStore, RefusedByStoreError, object_key

MOST = 10_000  # of one pass; the next one goes on
BATCH = 50


class S3StorageUpkeepActivities(StorageUpkeepActivities):
    """Upkeep of the store by what PostgreSQL says is over.

    Bytes go first and their entry after them, so whoever dies in between leaves an entry whose bytes go once more.
    """

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    @activity.defn(name="upkeep.sweep-objects")
    async def sweep_objects(self) -> SweepResult:
        discarded = 0
        async with heartbeating():
            while discarded < MOST and (due := await self._condemned()):
                discarded += await self._discard(due)
        return SweepResult(discarded=discarded)

    async def _condemned(self) -> list[UUID]:
        async with self._database.service(reason="bytes without an object are nobody's") as connection:
            rows = await connection.fetch("SELECT private.condemn_due_versions($1) AS version", BATCH)
        return [row["version"] for row in rows]

    async def _discard(self, versions: Sequence[UUID]) -> int:
        """Discard and forget; how many. Raises what the store said when it let go of none.

        Some that it does not let go of must not be in the way of all others.
        """
        ends = await asyncio.gather(*map(self._discarded, versions))
        gone = [version for version, failure in zip(versions, ends, strict=True) if failure is None]
        async with self._database.service(reason="bytes without an object are nobody's") as connection:
            await connection.execute("SELECT private.forget_versions($1)", gone)
        if failure := next((failure for failure in ends if failure and not gone), None):
            raise failure
        return len(gone)

    async def _discarded(self, version: UUID) -> UnavailableError | RefusedByStoreError | None:
        try:
            await self._store.discard(object_key(version))
        except (UnavailableError, RefusedByStoreError) as error:
            return error
        return None
