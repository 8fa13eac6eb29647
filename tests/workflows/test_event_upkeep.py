"""What is old goes: events, changes, listeners of executions that have ended; what still waits stays."""

import json
from datetime import timedelta
from uuid import uuid4

from activities.event_upkeep import SqlEventUpkeepActivities
from tests.workflows.running import Runner
from tests.workflows.streaming import event, interests, publish, stream
from worker.resources import Resources


async def trim(resources: Resources) -> None:
    await resources.client.execute_workflow("trim-events", id=f"test-{uuid4()}", task_queue="platform")


async def test_old_events_and_changes_go_and_young_ones_stay(runner: Runner, resources: Resources) -> None:
    rows = runner.rows.connection
    # A pass looks at the oldest so many: what other tests have left must not be all that it sees.
    for table in ("change_log", "events"):
        await rows.execute(f"DELETE FROM private.{table} WHERE user_id <> $1", runner.owner)
    await publish(runner, event("old", 1), event("young", 2))
    await rows.execute(
        "UPDATE private.events SET created_at = now() - $2::interval WHERE user_id = $1 AND type = 'old'",
        runner.owner,
        timedelta(days=31),
    )
    await runner.define({"a": {"set": {"a": 1}}})
    await rows.execute(
        "UPDATE private.change_log SET created_at = now() - $2::interval WHERE user_id = $1",
        runner.owner,
        timedelta(days=4),
    )
    young = await runner.define({"a": {"set": {"a": 1}}})
    await trim(resources)
    assert [each["type"] for each in await stream(runner)] == ["young"]
    kept = await rows.fetch("SELECT row_id FROM private.change_log WHERE user_id = $1", runner.owner)
    assert {row["row_id"] for row in kept} == {young}


async def test_an_event_that_still_waits_is_never_too_old(runner: Runner, resources: Resources) -> None:
    rows = runner.rows.connection
    await rows.execute("SELECT pg_advisory_lock(private.event_lock($1))", runner.owner)  # the router stays away
    await runner.define({"a": {"set": {"a": 1}}}, schedule={"on": {"any": []}})
    await publish(runner, event("old", 1))
    await rows.execute(
        "UPDATE private.events SET created_at = now() - interval '1 year' WHERE user_id = $1", runner.owner
    )
    await SqlEventUpkeepActivities(resources.database, resources.settings)._trim()
    assert len(await stream(runner)) == 1
    await rows.execute("SELECT pg_advisory_unlock(private.event_lock($1))", runner.owner)


async def test_a_signal_stays_until_its_execution_listens_or_ends(runner: Runner, resources: Resources) -> None:
    rows = runner.rows.connection
    execution = await runner.start({"long": {"wait": {"days": 90}}})
    await rows.execute(
        "SELECT private.store_events($1, $2::jsonb, $3, 0)", runner.owner, json.dumps([event("go", 1)]), execution
    )
    old = "UPDATE private.events SET status = 'held', created_at = now() - interval '1 year' WHERE user_id = $1"
    await rows.execute(old, runner.owner)
    await trim(resources)
    assert [each["type"] for each in await stream(runner)] == ["go"]
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)
    await trim(resources)
    assert await stream(runner) == []


async def test_listeners_of_executions_that_have_ended_are_swept(runner: Runner, resources: Resources) -> None:
    execution = (await runner.execute(await runner.define({"a": {"set": {"a": 1}}}))).execution_id
    await runner.rows.connection.execute("SELECT private.subscribe($1, 'k', '[{}]')", execution)
    assert await interests(runner) == 1
    await trim(resources)
    assert await interests(runner) == 0
