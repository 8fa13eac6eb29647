"""The router: several at once, deaths between its steps, signals that come early, and who is woken."""

import asyncio
import json
from collections.abc import Sequence
from uuid import UUID

from tests.activities.support import Rows
from tests.waiting import until
from tests.workflows.running import Row, Runner
from tests.workflows.streaming import event, listen, publish, runs, until_listening, until_routed
from worker.event_router import EventRouter
from worker.resources import Resources
from worker.trigger_decisions import TriggerState
from zilliance.database import Connection

KEEP: Row = {"keep": {"set": "${ .[0].data }"}}


def router_of(resources: Resources) -> EventRouter:
    return EventRouter(resources.database, resources.client, most_open=100_000)


async def test_several_routers_at_once_start_each_event_once_and_lose_none(
    runner: Runner, resources: Resources
) -> None:
    definition = await runner.define(KEEP, schedule={"on": {"one": {"with": {"type": "n"}}}})
    routers = [router_of(resources) for _ in range(3)]
    await asyncio.gather(
        publish(runner, *(event("n", number, data=number) for number in range(250))),
        *(each.work() for each in routers),
    )
    await asyncio.gather(*(each.work() for each in routers))
    rows = await runs(runner, definition, 250)
    assert sorted(row["result_data"] for row in rows) == list(range(250))


async def test_a_router_that_dies_before_its_commit_has_decided_nothing(runner: Runner, resources: Resources) -> None:
    class Dying(EventRouter):
        async def _begin(self, connection: Connection, owner: UUID, triggers: Sequence[TriggerState]) -> None:
            await super()._begin(connection, owner, triggers)
            raise ConnectionError("killed")

    definition = await runner.define(KEEP, schedule={"on": {"one": {"with": {"type": "n"}}}})
    router, published, died = Dying(resources.database, resources.client, most_open=100_000), 0, False
    while not died:  # the worker's own router is faster now and then
        await publish(runner, event("n", published, data=published))
        published += 1
        try:
            await router._turn(runner.owner)
        except ConnectionError:
            died = True
    rows = await runs(runner, definition, published)
    await until_routed(runner)
    assert sorted(row["result_data"] for row in rows) == list(range(published))


async def test_a_delivery_whose_router_died_after_the_signal_is_consumed_once(runner: Runner) -> None:
    a = {"with": {"type": "a"}}
    execution = await runner.start(listen("wait", {"all": [a, a]}))
    await until_listening(runner, execution, 2)
    await publish(runner, event("a", 1, data=1))
    await until_routed(runner)
    await runner.rows.connection.execute(
        "INSERT INTO private.event_deliveries (user_id, execution_id, key, cursor)"
        " SELECT user_id, $2, '/do/0/wait#', cursor FROM private.events WHERE user_id = $1 ON CONFLICT DO NOTHING",
        runner.owner,
        execution,
    )
    await publish(runner, event("a", 2, data=2))
    assert (await runner.ended(execution))["result_data"] == [1, 2]


async def test_a_signal_waits_until_its_execution_listens_and_goes_to_no_other(runner: Runner) -> None:
    other = await runner.start(listen("wait", {"any": []}))
    await until_listening(runner, other)
    execution = await runner.start(
        {"rest": {"wait": {"seconds": 2}}}, listen("wait", {"one": {"with": {"type": "go"}}})
    )
    await signal(runner, execution, event("go", 1, data="now"))
    await until_routed(runner)
    assert (await runner.ended(execution))["result_data"] == ["now"]
    assert (await runner.row(other))["status"] in {"pending", "running"}
    await publish(runner, event("end", 2))
    assert len((await runner.ended(other))["result_data"]) == 1


async def signal(runner: Runner, execution: UUID, sent: Row) -> None:
    """As `POST /workflows/v1/executions/{id}/signal` does."""
    await runner.rows.connection.execute(
        "SELECT private.store_events($1, $2::jsonb, $3, 0)", runner.owner, json.dumps([sent]), execution
    )


async def test_deliveries_to_an_execution_that_is_gone_are_dropped(
    runner: Runner, resources: Resources, rows: Rows
) -> None:
    definition = await runner.define(KEEP)
    gone = await rows.execution(runner.owner, definition)
    await rows.connection.execute('SELECT private.subscribe($1, \'k\', \'[{"with": {"type": "a"}}]\')', gone)
    await publish(runner, event("a", 1))
    await until_routed(runner)

    async def none_is_left() -> bool:
        await router_of(resources).deliver()
        return not await rows.count("private.event_deliveries", runner.owner)

    await until(none_is_left)


async def test_a_filter_that_the_router_can_judge_wakes_only_whom_it_takes(runner: Runner) -> None:
    to = {"one": {"with": {"type": "paid"}, "correlate": {"order": {"from": ".data.order", "expect": "${ .order }"}}}}
    definition = await runner.define(listen("wait", to))
    executions = [(await runner.execute(definition, {"order": number}, wait=False)).execution_id for number in range(5)]
    for each in executions:
        await until_listening(runner, each)
    await publish(runner, event("paid", 1, data={"order": 3}))
    assert (await runner.ended(executions[3]))["result_data"] == [{"order": 3}]
    history = await runner.handle(executions[0]).fetch_history()
    assert not any(each.HasField("workflow_execution_signaled_event_attributes") for each in history.events)
    for each in executions:
        if each != executions[3]:
            await runner.executions.cancel(runner.identity, each)
            await runner.ended(each)
