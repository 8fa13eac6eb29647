"""Events of workflows on the real stream: written once, and each account its own."""

import json

import pytest
from temporalio.client import Client

from activities.events import SqlEventActivities
from tests.activities.support import Rows
from tests.workflows.running import Row, Runner
from tests.workflows.streaming import emit, event, interests, listen, publish, stream, until_listening
from worker.resources import Resources
from workflows.contracts.execution import Delivery, PublishEventInput


async def test_an_emitted_event_is_in_the_stream_and_is_the_output(runner: Runner) -> None:
    row = await runner.run(emit("tell", type="order.placed", data={"id": 7}, subject="order/7"))
    assert row["status"] == "completed"
    assert await stream(runner) == [row["result_data"]]
    assert row["result_data"]["data"] == {"id": 7}


async def test_an_event_that_is_published_again_is_there_once(runner: Runner, resources: Resources) -> None:
    execution = (await runner.execute(await runner.define(emit("tell", type="order.placed", id="1")))).execution_id
    (event,) = await stream(runner)
    activities = SqlEventActivities(resources.database)
    for _ in range(2):
        await activities.publish(PublishEventInput(execution_id=execution, event=json.dumps(event)))
    assert await stream(runner) == [event]


async def test_an_execution_that_listens_gets_what_matches(runner: Runner) -> None:
    execution = await runner.start(listen("wait", {"one": {"with": {"type": "paid", "data": "${ .order == 7 }"}}}))
    await until_listening(runner, execution)
    await publish(runner, event("other", 1), event("paid", 2, data={"order": 6}), event("paid", 3, data={"order": 7}))
    row = await runner.ended(execution)
    assert (row["status"], row["result_data"]) == ("completed", [{"order": 7}])
    assert await interests(runner) == 0
    assert await runner.rows.count("private.event_deliveries", runner.owner) == 0


async def test_events_are_consumed_in_the_order_of_their_publication_and_once(runner: Runner) -> None:
    to = {"any": [{"with": {"type": "n"}}], "until": "length == 30"}
    execution = await runner.start(listen("wait", to))
    await until_listening(runner, execution)
    for number in range(30):
        await publish(runner, event("n", number, data=number))
        await publish(runner, event("n", number, data="again"))
    assert (await runner.ended(execution))["result_data"] == list(range(30))


async def test_what_another_account_publishes_is_never_heard(runner: Runner, rows: Rows, client: Client) -> None:
    stranger = await Runner.sign_up(rows, runner.executions.database, client)
    execution = await runner.start(listen("wait", {"any": []}))
    await until_listening(runner, execution)
    await publish(runner, event("a", 1, data="theirs"), owner=stranger.owner)
    await publish(runner, event("a", 1, data="mine"))
    assert (await runner.ended(execution))["result_data"] == ["mine"]


async def test_one_execution_hears_what_another_emits(runner: Runner) -> None:
    execution = await runner.start(listen("wait", {"one": {"with": {"type": "order.placed"}}}))
    await until_listening(runner, execution)
    await runner.run(emit("tell", type="order.placed", data={"id": 7}))
    assert (await runner.ended(execution))["result_data"] == [{"id": 7}]


@pytest.mark.parametrize("how", ["cancelled", "timed out"])
async def test_who_listens_no_longer_leaves_no_subscription(runner: Runner, how: str) -> None:
    more: Row = {"timeout": {"after": {"seconds": 1}}} if how == "timed out" else {}
    execution = await runner.start(listen("wait", {"one": {"with": {"type": "never"}}}, **more))
    if how == "cancelled":
        await until_listening(runner, execution)
        await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert row["status"] == ("cancelled" if how == "cancelled" else "failed")
    assert await interests(runner) == 0


async def test_what_is_delivered_again_is_consumed_once(runner: Runner) -> None:
    to = {"all": [{"with": {"type": "a"}}, {"with": {"type": "a"}}]}
    execution = await runner.start(listen("wait", to))
    await until_listening(runner, execution, 2)
    delivery = Delivery(key="/do/0/wait#", id="/test 1", body=json.dumps(event("a", 1, data=1)))
    for _ in range(2):
        await runner.handle(execution).signal("deliver", delivery)
    await publish(runner, event("a", 1, data=1), event("a", 2, data=2))
    assert (await runner.ended(execution))["result_data"] == [1, 2]
