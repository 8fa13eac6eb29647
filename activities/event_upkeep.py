"""Upkeep of events, the logs of changes and requests, the ledger of language models and sessions of viewers.

What is old goes, and so do counters of the gateway whose key or endpoint is gone; what the log of requests writes to is
made ahead.
"""

from datetime import timedelta
from uuid import UUID

from temporalio import activity

from activities.heartbeat import heartbeating
from workflows.contracts.upkeep import TrimResult
from workflows.stubs import EventUpkeepActivities
from zilliance.database import Database
from zilliance.settings import Settings

PAGE = 5_000
_TRIM = "SELECT greatest(private.trim_events($1, $2, $3), private.trim_ai($3), private.trim_watch_sessions($3))"
MOST_PAGES = 1_000  # of one pass; the next one goes on

_LOWEST = UUID(int=0)


class SqlEventUpkeepActivities(EventUpkeepActivities):
    """Upkeep on PostgreSQL."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._log_days = settings.gateway.log_days
        events = settings.events
        self._ages = (timedelta(days=events.retention_days), timedelta(days=events.change_log_days))

    @activity.defn(name="upkeep.trim-events")
    async def trim_events(self) -> TrimResult:
        pages = 0
        async with heartbeating():
            while await self._trim() and pages < MOST_PAGES:
                pages += 1
            await self._keep_request_log()
            await self._forget_counters()
        return TrimResult(pages=pages)

    async def _trim(self) -> bool:
        """Remove a page of each; whether there was anything."""
        async with self._database.service(reason="what is old is removed whoever owned it") as connection:
            return await connection.fetchval(_TRIM, *self._ages, PAGE) > 0

    async def _keep_request_log(self) -> None:
        """Days come and go at once; what is left of accounts that are gone goes in pages."""
        await self._database.call(
            "SELECT private.keep_request_log($1)", self._log_days, reason="the log's tables are the platform's"
        )
        place: object = _LOWEST
        for _ in range(MOST_PAGES):
            place = await self._database.call(
                "SELECT private.forget_requests($1, $2)", place, PAGE, reason="their owners are gone"
            )
            if place is None:
                return

    async def _forget_counters(self) -> None:
        """Remove those that were in use while their key or endpoint was deleted."""
        for _ in range(MOST_PAGES):
            gone = await self._database.call(
                "SELECT private.forget_counters($1)", PAGE, reason="what they counted is gone"
            )
            if gone != PAGE:
                return
