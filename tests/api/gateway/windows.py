"""The limits of one key and one endpoint at moments that a test chooses, on counters that nobody else sees."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

EPOCH = datetime(2026, 5, 4, 12, tzinfo=UTC)
TAKE = """
SELECT t.outcome, t.limits, t.retry_after FROM unnest($1::timestamptz[], $2::uuid[]) AS moment (at, endpoint),
    LATERAL private.gateway_take($3, $4, $5, $6, moment.endpoint, $7, moment.at) AS t
"""


@dataclass(frozen=True)
class Taken:
    """What one call was told."""

    outcome: str
    retry_after: float | None
    limits: dict[str, dict[str, float]]

    @property
    def admitted(self) -> bool:
        return self.outcome == "admitted"


@dataclass(frozen=True)
class Windows:
    """Counters of one key."""

    connection: asyncpg.Connection
    key: UUID
    endpoints: Sequence[UUID]

    async def take(
        self,
        *calls: float | tuple[float, int],
        limit: int,
        endpoint_limit: int = 1_000_000,
        daily: int | None = None,
        monthly: int | None = None,
        since: datetime = EPOCH,
    ) -> list[Taken]:
        """Calls one after another, at so many seconds, for the first endpoint or the one with a number."""
        each = [call if isinstance(call, tuple) else (call, 0) for call in calls]
        rows = await self.connection.fetch(
            TAKE,
            [since + timedelta(seconds=at) for at, _ in each],
            [self.endpoints[number] for _, number in each],
            self.key,
            limit,
            daily,
            monthly,
            endpoint_limit,
        )
        return [Taken(row["outcome"], row["retry_after"], _by_name(row["limits"])) for row in rows]

    @asynccontextmanager
    async def unused(self) -> AsyncGenerator["Windows"]:
        """As they are before the first call; what is counted is taken back."""
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            yield self
        finally:
            await transaction.rollback()


def _by_name(text: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in orjson.loads(text)}
