"""The sweep: what no object points at any more leaves the S3 store."""

import asyncio
from collections.abc import Coroutine, Sequence
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

_Failure = UnavailableError | RefusedByStoreError


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
            prefixes = await self._sweep_prefixes()
        return SweepResult(discarded=discarded, prefixes=prefixes)

    async def _sweep_prefixes(self) -> int:
        """What runs of videos have left behind; how many prefixes. Raises as `_discard` does."""
        swept = 0
        while swept < MOST and (due := await self._due_prefixes()):
            ends = await asyncio.gather(*(self._attempted(self._store.discard_under(prefix)) for prefix in due))
            gone = [prefix for prefix, failure in zip(due, ends, strict=True) if failure is None]
            async with self._database.service(reason="objects without a run are nobody's") as connection:
                await connection.execute("SELECT private.forget_prefixes($1)", gone)
            if failure := next((failure for failure in ends if failure and not gone), None):
                raise failure
            swept += len(gone)
        return swept

    async def _due_prefixes(self) -> list[str]:
        async with self._database.service(reason="objects without a run are nobody's") as connection:
            rows = await connection.fetch("SELECT private.due_prefixes($1) AS prefix", BATCH)
        return [row["prefix"] for row in rows]

    async def _condemned(self) -> list[UUID]:
        async with self._database.service(reason="bytes without an object are nobody's") as connection:
            rows = await connection.fetch("SELECT private.condemn_due_versions($1) AS version", BATCH)
        return [row["version"] for row in rows]

    async def _discard(self, versions: Sequence[UUID]) -> int:
        """Discard and forget; how many. Raises what the store said when it let go of none.

        Some that it does not let go of must not be in the way of all others.
        """
        ends = await asyncio.gather(
            *(self._attempted(self._store.discard(object_key(version))) for version in versions)
        )
        gone = [version for version, failure in zip(versions, ends, strict=True) if failure is None]
        async with self._database.service(reason="bytes without an object are nobody's") as connection:
            await connection.execute("SELECT private.forget_versions($1)", gone)
        if failure := next((failure for failure in ends if failure and not gone), None):
            raise failure
        return len(gone)

    async def _attempted(
        self, discarding: Coroutine[None, None, None]
    ) -> UnavailableError | RefusedByStoreError | None:
        try:
            await discarding
        except (UnavailableError, RefusedByStoreError) as error:
            return error
        return None
