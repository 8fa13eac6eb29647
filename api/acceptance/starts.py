"""Starts of accepted runs behind the answer: the caller waits for the row alone, and Temporal comes after it."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

from zilliance.database import Database, PostgresError
from zilliance.errors import AppError

# More would take this process's time from the next to be accepted. What does not fit, the workers start.
AT_ONCE = 8
FORGET_SECONDS = 0.25


class BackgroundStarts:
    """Bounded tasks of one process. What is lost with it is due again within seconds: the rows say so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way: set[asyncio.Task[None]] = set()
        self._known: list[UUID] = []
        self._forgetting: asyncio.Task[None] | None = None

    @property
    def has_room(self) -> bool:
        return len(self._under_way) < AT_ONCE

    @property
    def is_idle(self) -> bool:
        return not self._under_way

    def begin(self, execution_id: UUID, start: Awaitable[object]) -> None:
        """Run `start`, which answers None when Temporal could not be told."""
        task = asyncio.create_task(self._run(execution_id, start))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def confirm(self, execution_id: UUID) -> None:
        """Temporal knows this one: say so in its row, together with others."""
        self._known.append(execution_id)
        if self._forgetting is None or self._forgetting.done():
            self._forgetting = asyncio.create_task(self._forget_soon())

    async def close(self) -> None:
        """Let go of what is under way."""
        tasks = [*self._under_way, *([self._forgetting] if self._forgetting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, execution_id: UUID, start: Awaitable[object]) -> None:
        if await start is not None:
            self.confirm(execution_id)

    async def _forget_soon(self) -> None:
        while self._known:
            await asyncio.sleep(FORGET_SECONDS)
            known, self._known = self._known, []
            try:
                await self._database.call(
                    "SELECT private.forget_starts($1)", known, reason="what waits to be started is the platform's"
                )
            except (AppError, PostgresError):
                return  # they are due soon, and a start of what has been started does nothing
