"""Much at once in one execution: what Temporal bounds in a run is bounded before, and told."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType

from tests.unit.http_stand_in import StandIn
from tests.workflows.running import Row, Runner
from tests.workflows.streaming import HELD, event, listen, publish, until_listening
from tests.workflows.test_long_executions import listed, loop
from tests.workflows.test_sub_workflows import call, children, define
from workflows import children as children_module
from workflows import room, temporal_effects

_ENDED = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED,
}


def each_of(number: int, *tasks: Row, name: str = "each") -> Row:
    """All of them at once."""
    arguments = {"in": f"${{ [range({number})] }}", "concurrency": number, "do": list(tasks)}
    return {name: {"call": "map-parallel", "with": arguments}}


async def test_more_sub_workflows_than_a_run_may_have_under_way_are_refused_on_whatever_level(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children_module, "MOST_CHILDREN", 5)
    await define(runner, "held", HELD)
    row = await runner.run(each_of(2, each_of(3, call("held"), name="inner")))
    assert (row["status"], row["error"]["status"]) == ("failed", 429)
    assert "5 sub-workflows, tutorials and videos" in row["error"]["detail"]
    begun = await children(runner, row["id"])
    assert [each["status"] for each in begun] == ["cancelled"] * 5


async def test_those_that_have_ended_make_place_for_others(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children_module, "MOST_CHILDREN", 3)
    await define(runner, "tell", {"t": {"set": "${ . }"}})
    patient = {
        "patient": {
            "try": [call("tell")],
            "catch": {"errors": {"with": {"status": 429}}, "retry": {"delay": {"milliseconds": 100}}},
        }
    }
    assert (await runner.run(each_of(8, patient)))["result_data"] == list(range(8))


async def test_a_loop_of_sub_workflows_that_nobody_waits_for_goes_on_in_new_runs(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children_module, "MOST_CHILDREN", 4)
    await define(runner, "held", HELD)
    row = await runner.run(loop(7, call("held", waits=False)))
    assert row["status"] == "completed", row["error"]
    assert len(await listed(runner, row["id"], 3)) > 2
    begun = [UUID(each["id"]) for each in await children(runner, row["id"])]
    for each in begun:
        await until_listening(runner, each)
    await publish(runner, event("go", 1))
    assert [(await runner.ended(each))["status"] for each in begun] == ["completed"] * 7


async def test_the_history_of_a_loop_of_sub_workflows_stays_bounded(runner: Runner) -> None:
    short = replace(runner, executions=replace(runner.executions, events_a_run=40))
    await define(short, "tell", {"t": {"set": "${ . }"}})
    row = await short.run(loop(12, call("tell")))
    assert row["status"] == "completed"
    assert max(await listed(short, row["id"], 3)) < 80


async def test_what_sub_workflows_bring_is_sent_before_it_fills_a_message(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FLUSH_BYTES", 4_000)
    await define(runner, "tell", {"t": {"set": "${ . }"}})
    row = await runner.run(each_of(6, call("tell")))
    assert (row["status"], row["result_data"]) == ("completed", list(range(6)))
    history = [each.event_type async for each in runner.handle(UUID(row["id"])).fetch_history_events()]
    assert history.count(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED) > 2


async def test_activities_above_what_a_run_may_have_under_way_wait_for_each_other(
    runner: Runner, outside: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ACTIVITIES_AT_ONCE", 2)
    post = {"call": "http", "with": {"method": "POST", "endpoint": f"http://outside.example.com/{runner.owner}"}}
    row = await runner.run(each_of(6, {"post": post}))
    assert row["status"] == "completed", row["error"]
    assert sum(each.target == f"/{runner.owner}" for each in outside.requests) == 6
    pending = most = 0
    async for each in runner.handle(UUID(row["id"])).fetch_history_events():
        pending += each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        pending -= each.event_type in _ENDED
        most = max(most, pending)
    assert most == 2


NUMBERS: Row = {"with": {"type": "n"}}


def numbers(first: int, last: int) -> list[Row]:
    return [event("n", number, data=number) for number in range(first, last + 1)]


async def test_who_waits_is_told_when_more_events_come_to_a_run_than_it_can_take(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporal_effects, "MOST_SIGNALS", 5)
    branches = [listen("all", {"any": [NUMBERS], "until": "false"}), listen("none", {"one": {"with": {"type": "x"}}})]
    execution = await runner.start({"both": {"fork": {"branches": branches}}})
    await until_listening(runner, execution, 2)
    await publish(runner, *numbers(1, 8))
    row = await runner.ended(execution)
    assert (row["status"], row["error"]["status"]) == ("failed", 500)
    assert "more events and answers came" in row["error"]["detail"]
    assert await runner.rows.count("private.event_deliveries", runner.owner) == 0


async def test_a_task_listens_in_a_new_run_when_much_has_come_to_the_one_before(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporal_effects, "MANY_SIGNALS", 3)
    monkeypatch.setattr(temporal_effects, "MOST_SIGNALS", 6)
    four = {"any": [NUMBERS], "until": "length == 4"}
    execution = await runner.start(listen("first", four), listen("second", four))
    await until_listening(runner, execution)
    await publish(runner, *numbers(1, 4))
    second = "SELECT EXISTS (SELECT FROM private.event_interests WHERE execution_id = $1 AND key LIKE '/do/1/%')"
    async with asyncio.timeout(60):
        while not await runner.rows.connection.fetchval(second, execution):  # noqa: ASYNC110  rows send no event
            await asyncio.sleep(0.05)
    await publish(runner, *numbers(5, 8))
    row = await runner.ended(execution)
    assert (row["status"], row["result_data"]) == ("completed", [5, 6, 7, 8])
    assert len(await listed(runner, row["id"], 2)) == 2
