"""Runs that a schedule begins, on PostgreSQL; and when a definition runs next, as Temporal's schedules know it."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.contracts.schedules import AfterState, BeginInput, BegunRun
from workflows.json_text import read_json
from workflows.language.problems import WorkflowFault
from workflows.language.schedules import compile_schedule, pause_of
from workflows.language.shapes import as_map
from workflows.scheduling import next_times
from workflows.stubs import ScheduleActivities
from zilliance.database import Database

_REASON = "schedules begin runs of everybody's definitions"
# Keys of callers are printable, so that none can be one of these.
KEY_MARK = "\x01schedule:"


class SqlScheduleActivities(ScheduleActivities):
    """The rows of scheduled runs."""

    def __init__(self, database: Database, client: Client, most_open: int) -> None:
        self._database = database
        self._client = client
        self._most_open = most_open

    @activity.defn(name="schedule.begin")
    async def begin(self, begin: BeginInput) -> BegunRun:
        data = json.dumps({"scheduledAt": begin.scheduled_at.astimezone(UTC).isoformat().replace("+00:00", "Z")})
        row = await self._database.fetch_one(
            "SELECT * FROM private.begin_scheduled($1, $2, $3::jsonb, $4)",
            begin.definition_id,
            f"{KEY_MARK}{begin.definition_id}:{begin.key}",
            data,
            self._most_open,
            reason=_REASON,
        )
        with suppress(RPCError):  # the next change or run of the definition says it again
            await self._tell_next(begin)
        if row["execution_id"] is None:
            return BegunRun(outcome=row["outcome"])
        return BegunRun(outcome=row["outcome"], run=ExecuteWorkflowInput.model_validate(dict(row)))

    @activity.defn(name="schedule.is-open")
    async def is_open(self, execution_id: UUID) -> bool:
        return bool(await self._database.call("SELECT private.is_open($1)", execution_id, reason=_REASON))

    @activity.defn(name="schedule.after")
    async def after(self, definition_id: UUID) -> AfterState:
        async with self._database.service(reason=_REASON) as connection:
            definition = await connection.fetchrow("SELECT * FROM private.definition_schedule($1)", definition_id)
            last = await connection.fetchrow("SELECT * FROM private.last_scheduled_run($1)", definition_id)
            if definition is None or not definition["is_active"] or definition["is_paused"]:
                return AfterState()
            if last is not None and last["completed_at"] is None:
                return AfterState(open_run=last["execution_id"])
            due = _due(definition["document"], None if last is None else last["completed_at"])
            if due is None:
                return AfterState()
            await connection.execute("SELECT private.set_next_run($1, $2)", definition_id, due)
        key = "first" if last is None else f"after:{last['execution_id']}"
        return AfterState(seconds=max(0.0, (due - datetime.now(UTC)).total_seconds()), key=key)

    async def _tell_next(self, begin: BeginInput) -> None:
        times = await next_times(self._client, begin.definition_id, max(begin.scheduled_at, datetime.now(UTC)))
        await self._database.call(
            "SELECT private.set_next_run($1, $2)", begin.definition_id, times[0] if times else None, reason=_REASON
        )


def _due(document: str, ended: datetime | None) -> datetime | None:
    """When a definition with `after` runs next: at once when it never did; None for another kind of schedule."""
    try:
        schedule = compile_schedule(as_map(read_json(document), "the document"))
    except WorkflowFault:
        return None
    if schedule is None or schedule.after is None:
        return None
    if ended is None:
        return datetime.now(UTC)
    return ended + pause_of(schedule.after, ended)
