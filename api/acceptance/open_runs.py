"""How many runs an owner has open, so that one account cannot fill the platform."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from zilliance.database import Database
from zilliance.errors import RateLimitedError

OWNERS_KEPT = 10_000
# Other processes accept runs of the same owner, too: after so many, what was counted long ago is counted again.
ADDED = 100
LONG_SECONDS = 10.0
FULL_SECONDS = 0.25


@dataclass(slots=True)
class _Count:
    """How many were open at a moment, and how many have been added since."""

    open: int
    at: float
    added: int = 0

    def is_stale(self, most: int) -> bool:
        age = time.monotonic() - self.at
        if self.open + self.added >= most:
            return age >= FULL_SECONDS
        return self.added >= ADDED and age >= LONG_SECONDS


class OpenRuns:
    """Counts an owner's open runs when he may be near the limit, and adds up in between: ends only make it fewer."""

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._counts: OrderedDict[UUID, _Count] = OrderedDict()
        self._counting: dict[UUID, asyncio.Task[_Count]] = {}

    async def admit(self, owner: UUID) -> None:
        """Take note of one more run. Raises RateLimitedError when there are too many."""
        count = self._counts.get(owner)
        if count is None or count.is_stale(self._most):
            count = await self._counted_once(owner)
        if count.open + count.added >= self._most:
            message = f"You have {self._most} executions that have not ended: wait for some to end, or cancel them"
            raise RateLimitedError(message, code="TOO_MANY_EXECUTIONS", headers={"Retry-After": "1"})
        count.added += 1

    async def _counted_once(self, owner: UUID) -> _Count:
        """Those who come while it is being counted wait for that count."""
        counting = self._counting.get(owner)
        if counting is None:
            # A task of its own: a caller who goes away must not take the others along.
            counting = self._counting[owner] = asyncio.create_task(self._counted(owner))
            counting.add_done_callback(lambda counted: self._forget(owner, counted))
        return await asyncio.shield(counting)

    def _forget(self, owner: UUID, counted: asyncio.Task[_Count]) -> None:
        del self._counting[owner]
        _ = counted.cancelled() or counted.exception()  # seen, should nobody wait for it any more

    async def _counted(self, owner: UUID) -> _Count:
        number = await self._database.call(
            "SELECT private.open_runs($1, $2)", owner, self._most, reason="counts what the caller has open"
        )
        count = self._counts[owner] = _Count(int(str(number)), time.monotonic())
        self._counts.move_to_end(owner)
        if len(self._counts) > OWNERS_KEPT:
            self._counts.popitem(last=False)
        return count
