"""What one event sets off is bounded: so many executions, so many events; and so many that wait for an account."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.events import SqlEventActivities
from api.services.events import publish as publish_events
from tests.workflows.running import Row, Runner, create
from tests.workflows.streaming import event, publish, runs, stream, until_routed
from worker.event_decisions import Decision, TakenEvent, may_go_on
from worker.resources import Resources
from workflows.contracts.execution import PublishEventInput
from zilliance.errors import RateLimitedError
from zilliance.settings import DatabaseSettings

KEEP: Row = {"keep": {"set": "${ . }"}}
PING: Row = {"schedule": {"on": {"one": {"with": {"type": "ping"}}}}}


async def origins(runner: Runner, statement: str) -> set[int | None]:
    return {row["origin"] for row in await runner.rows.connection.fetch(statement, runner.owner)}


async def test_all_that_an_event_sets_off_remembers_it(runner: Runner) -> None:
    header = {"dsl": "1.0.3", "namespace": "default", "version": "1.0.0"}
    await runner.define(
        {"again": {"emit": {"event": {"with": {"type": "ping"}}}}}, document={**header, "name": "pings"}
    )
    run: Row = {"again": {"run": {"workflow": {"namespace": "default", "name": "pings", "version": "latest"}}}}
    definition = await runner.define(run, **PING)
    await publish(runner, event("ping", 1))
    await runs(runner, definition, 9)
    await until_routed(runner)
    root = await runner.rows.connection.fetchval(
        "SELECT cursor FROM private.events WHERE user_id = $1 AND event_id = '1'", runner.owner
    )
    caused = "SELECT origin FROM private.events WHERE user_id = $1 AND hops > 0"
    assert await origins(runner, caused) == {root}
    begun = (
        "SELECT h.origin FROM private.execution_hops h JOIN workflow_executions e ON e.id = h.execution_id"
        " WHERE e.user_id = $1"
    )
    assert await origins(runner, begun) == {root}
    # And the owner reads that it was ended, once, and why.
    (told,) = [each for each in await stream(runner) if each["type"] == "event.chain_stopped"]
    assert told["data"]["origin"] == {"source": "/test", "id": "1", "type": "ping"}
    assert told["data"]["detail"].startswith("more than 8 executions began each other")


async def test_changes_of_rows_remember_the_event_that_caused_them(runner: Runner) -> None:
    await runner.define(KEEP, schedule={"on": {"one": {"with": {"type": "contact.created"}}}})
    definition = await runner.define(create("make", "Ada"), **PING)
    await publish(runner, event("ping", 1))
    await runs(runner, definition, 1)
    await until_routed(runner)
    root = await runner.rows.connection.fetchval(
        "SELECT cursor FROM private.events WHERE user_id = $1 AND event_id = '1'", runner.owner
    )
    changed = "SELECT origin FROM private.events WHERE user_id = $1 AND type = 'contact.created'"
    assert await origins(runner, changed) == {root}


async def test_one_event_begins_so_many_executions_and_the_owner_is_told(runner: Runner) -> None:
    definition = await runner.define(KEEP)
    await publish(runner, event("seed", 7))
    root = await runner.rows.connection.fetchval(
        "SELECT cursor FROM private.events WHERE user_id = $1 AND event_id = '7'", runner.owner
    )
    one = {"workflow_id": str(definition), "version": 1, "data": [], "hops": 1, "origin": root}
    begin = "SELECT private.begin_triggered($1, $2::jsonb, 1000, 3)"
    connection = runner.rows.connection
    assert await connection.fetchval(begin, runner.owner, json.dumps([one, one])) == 2
    assert await connection.fetchval(begin, runner.owner, json.dumps([one, one, one])) == 1
    assert await connection.fetchval(begin, runner.owner, json.dumps([one])) == 0
    assert await connection.fetchval(begin, runner.owner, json.dumps([{**one, "origin": root + 10**9}])) == 1
    (told,) = [each for each in await stream(runner) if each["type"] == "event.chain_stopped"]
    assert told["data"]["origin"] == {"source": "/test", "id": "7", "type": "seed"}
    assert "set off 3 executions" in told["data"]["detail"]


async def test_an_origin_that_has_caused_so_many_events_has_spent_what_it_may(runner: Runner) -> None:
    connection = runner.rows.connection
    store = "SELECT private.store_events($1, $2::jsonb, NULL, 1, $3)"
    await connection.execute(store, runner.owner, json.dumps([event("a", n) for n in range(3)]), -5)
    await connection.execute(store, runner.owner, json.dumps([event("b", n) for n in range(3, 5)]), -6)
    spent = await connection.fetchval("SELECT private.spent_origins(ARRAY[-5, -6, -7]::bigint[], 3)")
    await connection.execute("DELETE FROM private.events WHERE user_id = $1", runner.owner)
    assert json.loads(spent) == [-5]


def test_events_of_a_spent_origin_go_nowhere_and_others_go_on() -> None:
    def taken(cursor: int, **more: Any) -> TakenEvent:
        return TakenEvent(cursor=cursor, event={"type": "a"}, execution_id=None, **more)

    decision = Decision()
    assert may_go_on(taken(1, hops=0), decision, {9})
    assert may_go_on(taken(2, hops=2, origin=8), decision, {9})
    assert not may_go_on(taken(3, hops=2, origin=9), decision, {9})
    assert not may_go_on(taken(4, hops=9, origin=8), decision, {9})
    assert decision.routed == [3, 4]
    assert {origin: why.partition(":")[0] for origin, why in decision.stopped.items()} == {
        9: "it has caused as many events as one event may",
        8: "more than 8 executions began each other",
    }


@asynccontextmanager
async def unrouted(runner: Runner, settings: DatabaseSettings) -> AsyncGenerator[None]:
    """Nobody routes this account's events meanwhile."""
    connection = await asyncpg.connect(settings.admin_dsn())
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(private.event_lock($1))", runner.owner)
            yield
    finally:
        await connection.close()


async def test_an_account_has_so_many_events_that_wait_and_no_more(
    runner: Runner, resources: Resources, database_settings: DatabaseSettings
) -> None:
    database = runner.executions.database
    await runner.define(KEEP, **PING)
    execution = await runner.start({"rest": {"wait": {"seconds": 1}}})
    async with unrouted(runner, database_settings):
        assert await publish_events(database, runner.identity, [event("ping", n) for n in range(2)], 2) == 2
        with pytest.raises(RateLimitedError) as caught:
            await publish_events(database, runner.identity, [event("ping", 3)], 2)
        emitted = PublishEventInput(execution_id=execution, event=json.dumps(event("ping", 4)))
        with pytest.raises(ApplicationError, match="2 events of this account wait to be routed"):
            await SqlEventActivities(resources.database, 2).publish(emitted)
        # One of those that wait: whoever emitted it has died before it was told so, and emits it again.
        again = PublishEventInput(execution_id=execution, event=json.dumps(event("ping", 1)))
        await SqlEventActivities(resources.database, 2).publish(again)
    assert (caught.value.code, caught.value.headers) == ("TOO_MANY_EVENTS", {"Retry-After": "1"})
    await until_routed(runner)
    assert await publish_events(database, runner.identity, [event("ping", 3)], 2) == 1
