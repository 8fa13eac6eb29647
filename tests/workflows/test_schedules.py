"""Definitions that run by themselves: what Temporal is told of them, and what becomes of each moment."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    ScheduleBackfill,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.service import RPCError, RPCStatusCode

from tests.waiting import beside, until
from tests.workflows.running import Row, Runner
from worker.resources import Resources
from worker.schedule_sync import ScheduleSync, keep_schedules
from workflows.names import CHANGED, run_after_id, schedule_id
from workflows.scheduling import put_loop

SET: Row = {"one": {"set": {"a": 1}}}


@pytest.fixture
async def keeping(resources: Resources) -> AsyncGenerator[None]:
    """A worker that keeps the schedules."""
    async with beside(keep_schedules(resources)):
        yield


def header(**schedule: object) -> Row:
    return {
        "dsl": "1.0.3",
        "namespace": "default",
        "name": "scheduled",
        "version": "0.1.0",
        "metadata": {"schedule": schedule},
    }


async def described(client: Client, definition: UUID) -> ScheduleDescription | None:
    try:
        return await client.get_schedule_handle(schedule_id(definition)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def sync(resources: Resources) -> None:
    work = ScheduleSync(resources.database, resources.client)
    while await work.work():
        pass


async def runs(runner: Runner, definition: UUID, *, at_least: int = 0) -> list[Row]:
    """The runs of a definition, oldest first, as soon as there are so many."""

    async def found() -> list[Row]:
        rows = await runner.rows.connection.fetch(
            "SELECT to_jsonb(e)::text AS row FROM workflow_executions e WHERE workflow_id = $1 ORDER BY created_at",
            definition,
        )
        return [json.loads(row["row"]) for row in rows]

    async def are_enough() -> bool:
        return len(await found()) >= at_least

    await until(are_enough)
    return await found()


async def change(runner: Runner, definition: UUID, **columns: object) -> None:
    """As the data API would."""
    async with runner.executions.database.transaction(runner.identity) as connection:
        for name, value in columns.items():
            cast = "::jsonb" if name == "config" else ""
            await connection.execute(f"UPDATE workflows SET {name} = $2{cast} WHERE id = $1", definition, value)


async def test_a_cron_schedule_is_kept_in_step_with_its_row(runner: Runner, resources: Resources) -> None:
    options = {"timezone": "Europe/Berlin", "catchUp": {"minutes": 7}, "jitter": "PT30S", "overlap": "buffer_one"}
    definition = await runner.define(SET, schedule={"cron": "30 4 * * *"}, document=header(**options))
    await sync(resources)
    found = await described(resources.client, definition)
    assert found is not None
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.BUFFER_ONE
    assert found.schedule.policy.catchup_window == timedelta(minutes=7)
    assert found.schedule.spec.jitter == timedelta(seconds=30)
    assert {moment.astimezone(UTC).hour for moment in found.info.next_action_times[:2]} <= {2, 3}
    row = await runner.rows.one("workflows", definition) or {}
    assert datetime.fromisoformat(str(row["next_run_at"])) == found.info.next_action_times[0]

    await change(runner, definition, config=json.dumps({"do": [SET], "schedule": {"every": {"hours": 1}}}))
    await sync(resources)
    found = await described(resources.client, definition)
    assert found is not None
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.ALLOW_ALL
    assert [interval.every for interval in found.schedule.spec.intervals] == [timedelta(hours=1)]

    await change(runner, definition, is_active=False)
    await sync(resources)
    assert await described(resources.client, definition) is None
    assert (await runner.rows.one("workflows", definition) or {})["next_run_at"] is None

    await change(runner, definition, is_active=True)
    await sync(resources)
    assert await described(resources.client, definition) is not None
    async with runner.executions.database.transaction(runner.identity) as connection:
        await connection.execute("DELETE FROM workflows WHERE id = $1", definition)
    await sync(resources)
    assert await described(resources.client, definition) is None


async def test_a_schedule_goes_with_its_owner(runner: Runner, resources: Resources) -> None:
    definition = await runner.define(SET, schedule={"cron": "0 4 * * *"})
    await sync(resources)
    await runner.rows.connection.execute("DELETE FROM auth.users WHERE id = $1", runner.owner)
    await sync(resources)
    assert await described(resources.client, definition) is None


async def test_what_temporal_lost_is_made_again_and_what_nobody_has_is_taken_away(
    runner: Runner, resources: Resources
) -> None:
    definition = await runner.define(SET, schedule={"cron": "0 4 * * *"})
    await sync(resources)
    found = await described(resources.client, definition)
    assert found is not None
    stray = uuid4()
    await resources.client.create_schedule(schedule_id(stray), found.schedule)
    await resources.client.get_schedule_handle(schedule_id(definition)).delete()
    work = ScheduleSync(resources.database, resources.client)
    async with asyncio.timeout(60):
        while await described(resources.client, stray) is not None:
            await work.mark_everything()  # Temporal lists a new one a moment later
    await sync(resources)
    assert await described(resources.client, definition) is not None


async def test_an_interval_begins_runs_whose_rows_come_first(runner: Runner, keeping: None) -> None:  # noqa: ARG001
    definition = await runner.define(SET, schedule={"every": {"seconds": 1}})
    rows = await runs(runner, definition, at_least=3)
    await change(runner, definition, is_active=False)
    moments = [row["trigger_data"]["scheduledAt"] for row in rows]
    assert len(set(moments)) == len(moments)
    assert {row["trigger"] for row in rows} == {"schedule"}
    assert (await runner.ended(UUID(rows[0]["id"])))["result_data"] == {"a": 1}


async def test_a_moment_is_run_once_however_often_it_is_repeated(runner: Runner, resources: Resources) -> None:
    far = (datetime.now(UTC).hour + 12) % 24  # no moment of today's comes while this runs
    definition = await runner.define(SET, schedule={"cron": f"30 {far} * * *"})
    await sync(resources)
    handle = resources.client.get_schedule_handle(schedule_id(definition))
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    past = ScheduleBackfill(start_at=day, end_at=day + timedelta(days=2), overlap=ScheduleOverlapPolicy.BUFFER_ALL)
    await handle.backfill(past)
    rows = await runs(runner, definition, at_least=2)
    for row in rows:
        await runner.ended(UUID(row["id"]))
    await handle.backfill(past)
    await asyncio.sleep(2)
    again = await runs(runner, definition)
    assert sorted(row["trigger_data"]["scheduledAt"][11:] for row in again) == [f"{far:02}:30:00Z"] * 2


async def test_a_day_of_the_month_and_one_of_the_week_run_each_and_once_where_they_meet(
    runner: Runner, resources: Resources
) -> None:
    definition = await runner.define(SET, schedule={"cron": "0 9 2,15 * mon"})
    await sync(resources)
    handle = resources.client.get_schedule_handle(schedule_id(definition))
    march = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    past = ScheduleBackfill(start_at=march[0], end_at=march[1], overlap=ScheduleOverlapPolicy.BUFFER_ALL)
    await handle.backfill(past)
    # The second of March is a Monday.
    days = [2, 9, 15, 16, 23, 30]
    rows = await runs(runner, definition, at_least=len(days))
    moments = sorted(row["trigger_data"]["scheduledAt"] for row in rows)
    assert moments == [f"2026-03-{day:02}T09:00:00Z" for day in days]
    for row in rows:
        await runner.ended(UUID(row["id"]))
    # A moment has one row however often it fires; and Temporal has fired it once, too.
    assert (await handle.describe()).info.num_actions == len(days)
    await change(runner, definition, is_active=False)


async def test_a_schedule_that_was_made_otherwise_is_brought_in_step(runner: Runner, resources: Resources) -> None:
    definition = await runner.define(SET, schedule={"cron": "0 9 31 2 mon"})
    await sync(resources)
    handle = resources.client.get_schedule_handle(schedule_id(definition))

    def to_older(found: ScheduleUpdateInput) -> ScheduleUpdate:
        older = found.description.schedule
        older.spec = ScheduleSpec(cron_expressions=["0 9 31 2 mon"])
        return ScheduleUpdate(older)

    await handle.update(to_older)
    assert (await handle.describe()).info.next_action_times == []
    await ScheduleSync(resources.database, resources.client).mark_everything()
    await sync(resources)
    coming = (await handle.describe()).info.next_action_times
    assert [(moment.month, moment.weekday(), moment.hour) for moment in coming[:4]] == [(2, 0, 9)] * 4
    await change(runner, definition, is_active=False)


async def test_a_moment_is_skipped_while_the_run_before_goes_on(runner: Runner, keeping: None) -> None:  # noqa: ARG001
    long: Row = {"rest": {"wait": {"minutes": 5}}}
    definition = await runner.define(long, schedule={"every": {"seconds": 1}}, document=header(overlap="skip"))
    rows = await runs(runner, definition, at_least=1)
    await asyncio.sleep(3)
    assert len(await runs(runner, definition)) == 1
    await runner.executions.cancel(runner.identity, UUID(rows[0]["id"]))
    await runs(runner, definition, at_least=2)
    await change(runner, definition, is_active=False)


async def test_the_next_moment_can_cancel_the_run_before(runner: Runner, keeping: None) -> None:  # noqa: ARG001
    long: Row = {"rest": {"wait": {"minutes": 5}}}
    definition = await runner.define(long, schedule={"every": {"seconds": 2}}, document=header(overlap="cancel_other"))
    rows = await runs(runner, definition, at_least=2)
    assert (await runner.ended(UUID(rows[0]["id"])))["status"] == "cancelled"
    await change(runner, definition, is_active=False)


async def test_a_moment_above_the_concurrency_limit_is_recorded_as_skipped(
    runner: Runner,
    keeping: None,  # noqa: ARG001
) -> None:
    document = header()
    document["metadata"]["concurrency"] = {"limit": 1, "onLimit": "skip"}
    long: Row = {"rest": {"wait": {"minutes": 5}}}
    definition = await runner.define(long, schedule={"every": {"seconds": 1}}, document=document)
    rows = await runs(runner, definition, at_least=2)
    await change(runner, definition, is_active=False)
    skipped = rows[1]
    assert (skipped["status"], skipped["tasks"]) == ("cancelled", [])
    assert skipped["error_message"].startswith("Skipped")


async def test_a_change_that_comes_while_the_definition_is_read_is_not_missed(
    runner: Runner, resources: Resources
) -> None:
    definition = await runner.define(SET, schedule={"after": {"days": 1}})
    rows = runner.rows.connection
    await rows.execute(
        "INSERT INTO workflow_executions (user_id, workflow_id, status, version, trigger, trigger_data, completed_at)"
        " VALUES ($1, $2, 'completed', 1, 'schedule', '{}', now())",
        runner.owner,
        definition,
    )
    async with rows.transaction():
        await rows.execute("LOCK TABLE private.schedule_pauses IN ACCESS EXCLUSIVE MODE")
        await put_loop(resources.client, definition)
        handle = resources.client.get_workflow_handle(run_after_id(definition))
        first = (await handle.describe()).run_id
        reading = resources.client.get_workflow_handle(handle.id, run_id=first)
        await until_events(reading, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, 1)
        await handle.signal(CHANGED)
        await until_events(reading, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, 2)
    await until_events(reading, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW, 1)
    await handle.terminate()


async def until_events(handle: WorkflowHandle[Any, Any], wanted: EventType.ValueType, times: int) -> None:
    """Wait for so many events of a type in the history of one run."""

    async def are_there() -> bool:
        return [each.event_type async for each in handle.fetch_history_events()].count(wanted) >= times

    await until(are_there)


async def test_a_run_follows_so_long_after_the_end_of_the_one_before(
    runner: Runner,
    keeping: None,  # noqa: ARG001
) -> None:
    nap: Row = {"nap": {"wait": {"milliseconds": 500}}}
    definition = await runner.define(nap, schedule={"after": {"seconds": 1}})
    rows = (await runs(runner, definition, at_least=3))[:3]
    await change(runner, definition, is_active=False)
    ends = [(await runner.ended(UUID(row["id"])))["completed_at"] for row in rows]
    for end, following in zip(ends, rows[1:], strict=False):
        pause = datetime.fromisoformat(following["started_at"]) - datetime.fromisoformat(end)
        assert pause >= timedelta(seconds=0.9)


async def test_a_loop_that_died_goes_on_where_its_rows_say(runner: Runner, resources: Resources) -> None:
    long: Row = {"rest": {"wait": {"minutes": 5}}}
    definition = await runner.define(long, schedule={"after": {"seconds": 1}})
    await sync(resources)
    first = (await runs(runner, definition, at_least=1))[0]
    await runner.until_started(UUID(first["id"]))  # its row comes first
    handle = resources.client.get_workflow_handle(run_after_id(definition))
    await handle.terminate()
    await ScheduleSync(resources.database, resources.client).mark_everything()
    await sync(resources)
    await asyncio.sleep(2)
    assert len(await runs(runner, definition)) == 1
    await runner.executions.cancel(runner.identity, UUID(first["id"]))
    await runs(runner, definition, at_least=2)
    await change(runner, definition, is_active=False)
    await sync(resources)
    assert (await handle.describe()).status is WorkflowExecutionStatus.TERMINATED
