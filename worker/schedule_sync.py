"""Keeps Temporal's schedules in step with the definitions: a mark in the database says which one may have changed."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError

from worker.resources import Resources
from workflows.json_text import read_json
from workflows.language.durations import DurationError
from workflows.language.problems import WorkflowFault
from workflows.language.schedule_options import ScheduleOptions, schedule_options
from workflows.language.schedules import Schedule, compile_schedule
from workflows.language.shapes import as_map
from workflows.names import DEFINITION_SCHEDULE
from workflows.scheduling import drop_loop, drop_schedule, next_times, put_loop, put_schedule
from zilliance.database import Connection, Database, PostgresError, Record
from zilliance.errors import AppError
from zilliance.listener import listen
from zilliance.settings import Login

CHANNEL = "schedules"
POLL_SECONDS = 5.0  # the net under what PostgreSQL notifies
EVERYTHING_SECONDS = 600.0
PAGE = 50
_REASON = "schedules are kept for everybody's definitions"
_PASSING = (AppError, PostgresError, RPCError, RuntimeError, OSError, TimeoutError)

log = logging.getLogger(__name__)


class ScheduleSync:
    """Makes Temporal agree with the rows. Any number of workers may do so at once."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def work(self) -> bool:
        """See to a page of the definitions that are marked; whether there were any."""
        async with self._database.service(reason=_REASON) as connection:
            marked = await connection.fetch("SELECT * FROM private.due_schedules($1)", PAGE)
        for mark in marked:
            await self._agree(mark["workflow_id"], mark["changed_at"])
        return bool(marked)

    async def mark_everything(self) -> None:
        """Have every definition compared, and take away what no definition has: Temporal may have lost or kept it."""
        await self._database.call("SELECT private.mark_all_schedules()", reason=_REASON)
        page: list[UUID] = []
        async for found in await self._client.list_schedules():
            if found.id.startswith(DEFINITION_SCHEDULE):
                with suppress(ValueError):
                    page.append(UUID(found.id.removeprefix(DEFINITION_SCHEDULE)))
            if len(page) == PAGE:
                await self._drop_strays(page)
                page = []
        await self._drop_strays(page)

    async def _drop_strays(self, ids: list[UUID]) -> None:
        async with self._database.service(reason=_REASON) as connection:
            known: list[UUID] = await connection.fetchval("SELECT private.scheduled_among($1)", ids)
        for stray in ids:
            if stray not in known:
                await drop_schedule(self._client, stray)

    async def _agree(self, definition_id: UUID, changed_at: datetime) -> None:
        """One definition, by one worker at a time: else one that read an older row could come last."""
        async with self._database.service(reason=_REASON) as connection:
            lock = "SELECT pg_try_advisory_xact_lock(hashtextextended('schedule' || $1::uuid::text, 0))"
            if not await connection.fetchval(lock, definition_id):
                return
            row = await connection.fetchrow("SELECT * FROM private.definition_schedule($1)", definition_id)
            await self._apply(connection, definition_id, row)
            await connection.execute("SELECT private.settle_schedule($1, $2)", definition_id, changed_at)

    async def _apply(self, connection: Connection, definition_id: UUID, row: Record | None) -> None:
        schedule, options = _read(row)
        fires = schedule is not None and (schedule.cron is not None or schedule.every is not None)
        if row is not None and schedule is not None and fires:
            await put_schedule(
                self._client, definition_id, schedule, options, paused=row["is_paused"], note=row["note"]
            )
        else:
            await drop_schedule(self._client, definition_id)
        loops = schedule is not None and schedule.after is not None
        if row is not None and loops and not row["is_paused"]:
            await put_loop(self._client, definition_id)  # which says when it runs next
            return
        await drop_loop(self._client, definition_id)
        times = await next_times(self._client, definition_id, datetime.now(UTC)) if fires else []
        await connection.execute("SELECT private.set_next_run($1, $2)", definition_id, times[0] if times else None)


async def keep_schedules(resources: Resources) -> None:
    """Follow the marks until cancelled; everything is compared at the beginning, and now and then."""
    sync = ScheduleSync(resources.database, resources.client)
    woken = asyncio.Event()
    listening = asyncio.create_task(listen(resources.settings.database, Login.WORKER, CHANNEL, lambda _: woken.set()))
    compared = -EVERYTHING_SECONDS
    try:
        while True:
            woken.clear()
            try:
                now = asyncio.get_running_loop().time()
                if now - compared >= EVERYTHING_SECONDS:
                    await sync.mark_everything()
                    compared = now
                if await sync.work():
                    continue
            except _PASSING as error:
                log.warning("schedules cannot be kept in step: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await woken.wait()
    finally:
        listening.cancel()


def _read(row: Record | None) -> tuple[Schedule | None, ScheduleOptions]:
    """The schedule of a definition that is there and switched on; one that cannot be understood is none."""
    if row is None or not row["is_active"]:
        return None, ScheduleOptions()
    try:
        document = as_map(read_json(row["document"]), "the document")
        return compile_schedule(document), schedule_options(document)
    except (WorkflowFault, DurationError) as error:
        log.warning("a schedule cannot be understood: %s", error)
        return None, ScheduleOptions()
