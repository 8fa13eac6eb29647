"""Schedules of definitions: as they stand, paused and resumed, run for the past, and run now."""

import json
from datetime import UTC, datetime
from uuid import UUID

from temporalio.client import Client, ScheduleBackfill, ScheduleOverlapPolicy
from temporalio.service import RPCError, RPCStatusCode

from api.executions.accepting import Asked
from api.schemas.schedules import BackfillAnswer, BackfillRequest, ScheduleAnswer
from workflows.json_text import read_json
from workflows.language.cron import most_matches
from workflows.language.durations import DurationError
from workflows.language.problems import WorkflowFault
from workflows.language.schedule_options import ScheduleOptions, schedule_options
from workflows.language.schedules import Schedule, compile_schedule
from workflows.language.shapes import as_map
from workflows.names import schedule_id
from workflows.scheduling import ANSWER_WITHIN, next_times, overlap_of
from zilliance.database import Database, Record
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from zilliance.identity import Identity

MOST_MOMENTS = 1000
LONGEST_DAYS = 3660
_TEMPORAL_AWAY = "Temporal cannot be reached; try again shortly"


class Schedules:
    """What the endpoints do."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def read(self, caller: Identity, workflow_id: UUID) -> ScheduleAnswer:
        """The schedule as it stands. Raises NotFoundError."""
        row = await self._row(caller, workflow_id)
        schedule, options = _parsed(row)
        upcoming: list[datetime] | None = None
        if schedule.cron is not None or schedule.every is not None:
            try:
                upcoming = await next_times(self._client, workflow_id, datetime.now(UTC))
            except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
                upcoming = None
        elif schedule.after is not None:
            upcoming = [row["next_run_at"]] if row["next_run_at"] else []
        kind = next(name for name in ("cron", "every", "after", "on") if getattr(schedule, name) is not None)
        return ScheduleAnswer(
            workflow_id=str(workflow_id),
            kind=kind,
            expression=_expression(row, kind),
            timezone=options.timezone,
            overlap="skip" if kind == "after" else overlap_of(schedule, options),
            catch_up_seconds=options.catch_up.total_seconds(),
            jitter_seconds=options.jitter.total_seconds(),
            is_active=row["is_active"],
            is_paused=row["is_paused"],
            note=row["note"],
            last_run_at=row["last_run_at"],
            next_run_at=row["next_run_at"],
            upcoming=upcoming,
        )

    async def pause(self, caller: Identity, workflow_id: UUID, *, is_paused: bool, note: str | None) -> ScheduleAnswer:
        """Stop beginning runs, or go on; the workers tell Temporal within moments. Raises NotFoundError."""
        _parsed(await self._row(caller, workflow_id))
        async with self._database.transaction(caller) as connection:
            await connection.execute("SELECT private.pause_schedule($1, $2, $3)", workflow_id, is_paused, note)
        return await self.read(caller, workflow_id)

    async def backfill(self, caller: Identity, workflow_id: UUID, past: BackfillRequest) -> BackfillAnswer:
        """Have the moments of a past range run. Raises NotFoundError, InvalidInputError, ConflictError."""
        row = await self._row(caller, workflow_id)
        schedule, _ = _parsed(row)
        most = _moments(schedule, past)
        if not row["is_active"]:
            raise ConflictError("The workflow is switched off: set is_active to run it", code="WORKFLOW_INACTIVE")
        handle = self._client.get_schedule_handle(schedule_id(workflow_id))
        overlap = ScheduleOverlapPolicy[past.overlap.upper()]
        try:
            await handle.backfill(
                ScheduleBackfill(start_at=past.begin, end_at=past.end, overlap=overlap), rpc_timeout=ANSWER_WITHIN
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise UnavailableError("The schedule is being set up; try again shortly") from error
            raise UnavailableError(_TEMPORAL_AWAY) from error
        except RuntimeError as error:
            raise UnavailableError(_TEMPORAL_AWAY) from error
        return BackfillAnswer(workflow_id=str(workflow_id), begin=past.begin, end=past.end, at_most=most)

    async def now(self, caller: Identity, workflow_id: UUID) -> Asked:
        """What a run of the schedule at this moment asks for. Raises NotFoundError."""
        _parsed(await self._row(caller, workflow_id))
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return Asked(workflow_id, {"scheduledAt": moment}, trigger="schedule")

    async def _row(self, caller: Identity, workflow_id: UUID) -> Record:
        async with self._database.transaction(caller) as connection:
            row = await connection.fetchrow("SELECT * FROM private.own_schedule($1)", workflow_id)
        if row is None:
            raise NotFoundError(f"There is no workflow {workflow_id}", code="WORKFLOW_NOT_FOUND")
        return row


def _parsed(row: Record) -> tuple[Schedule, ScheduleOptions]:
    try:
        document = as_map(read_json(row["document"]), "the document")
        schedule, options = compile_schedule(document), schedule_options(document)
    except (WorkflowFault, DurationError) as error:
        raise InvalidInputError(f"The workflow's schedule cannot be kept: {error}", code="WORKFLOW_INVALID") from error
    if schedule is None:
        message = 'The workflow has no schedule: write one into its config, such as {"schedule": {"cron": "0 6 * * *"}}'
        raise NotFoundError(message, code="SCHEDULE_NOT_FOUND")
    return schedule, options


def _expression(row: Record, kind: str) -> str | None:
    """As its author wrote it."""
    value = as_map(as_map(read_json(row["document"]), "the document")["schedule"], "schedule").get(kind)
    if kind == "on":
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _moments(schedule: Schedule, past: BackfillRequest) -> int:
    """At most how many moments are in the range. Raises InvalidInputError for too many, and for no past."""
    now = datetime.now(UTC)
    if not past.begin < past.end <= now:
        raise _refused("to", "from must be before to, and to not in the future")
    length = past.end - past.begin
    if length.days > LONGEST_DAYS:
        raise _refused("from", f"the range may be at most {LONGEST_DAYS} days")
    if schedule.every is not None:
        most = int(length / schedule.every) + 1
    elif schedule.cron is not None:
        by_day = most_matches(schedule.cron, past.begin.astimezone(UTC).date(), past.end.astimezone(UTC).date())
        most = min(by_day, int(length.total_seconds() // 60) + 1)
    else:
        raise _refused("from", "only schedules with cron or every have moments in the past")
    if most > MOST_MOMENTS:
        raise _refused("from", f"the range has up to {most} moments: ask for {MOST_MOMENTS} or fewer at once")
    return most


def _refused(field: str, message: str) -> InvalidInputError:
    return InvalidInputError(message, code="VALIDATION_FAILED", details={"field": field})
