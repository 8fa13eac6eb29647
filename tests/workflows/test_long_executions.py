"""Long executions: their history stays bounded, and nobody who waits, cancels, delivers or looks notices the runs."""

import asyncio
import json
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import Replayer

from activities.upkeep import TemporalUpkeepActivities
from tests.unit.http_stand_in import StandIn, message
from tests.workflows.running import Row, Runner, create, fail
from worker.registry import WORKFLOWS
from worker.resources import Resources
from worker.sandbox import runner as sandbox
from workflows.contracts.execution import Delivery

JSON = "Content-Type: application/json"


@pytest.fixture
def short(runner: Runner) -> Runner:
    """Its executions go on in a new run after a few events."""
    return replace(runner, executions=replace(runner.executions, events_a_run=40))


async def runs_of(runner: Runner, execution: str) -> list[int]:
    """The length in events of the history of each run, first to last."""
    asked = f"WorkflowId = 'execute-workflow/{execution}'"
    found = [each async for each in runner.executions.temporal.list_workflows(asked)]
    return [each.history_length for each in sorted(found, key=lambda each: each.start_time)]


async def listed(runner: Runner, execution: str, runs: int) -> list[int]:
    """The same, when visibility knows of all of them."""
    async with asyncio.timeout(60):
        while len(lengths := await runs_of(runner, execution)) < runs or lengths[-1] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return lengths


async def is_told(runner: Runner, execution: UUID) -> bool:
    """Whether the run of the moment has seen that it is to be cancelled."""
    events = [each.event_type async for each in runner.handle(execution).fetch_history_events()]
    asked = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
    return asked in events and EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED in events[events.index(asked) :]


def loop(times: int, *tasks: Row, name: str = "loop") -> Row:
    return {name: {"for": {"in": f"${{ [range({times})] }}"}, "do": list(tasks)}}


def count_up() -> Row:
    return {"count": {"set": '${ (. // 0 | if type == "number" then . else 0 end) + 1 }'}}


async def test_the_history_of_a_thousand_effects_stays_bounded(short: Runner) -> None:
    short = replace(short, executions=replace(short.executions, events_a_run=500))
    row = await short.run(
        loop(1000, {"read": {"call": "query-rows", "with": {"table": "contacts"}, "output": {"as": "${ $index }"}}}),
        {"last": {"set": {"index": "${ . }", "started": "${ $workflow.startedAt.iso8601 }"}}},
    )
    assert (row["status"], row["result_data"]["index"]) == ("completed", 999)
    lengths = await listed(short, row["id"], 3)
    assert max(lengths) < 700
    assert len(row["tasks"]) == 1002
    assert row["tasks"][500]["iteration"] == "499"


async def test_effects_happen_once_and_all_are_undone_whatever_run_they_were_in(short: Runner) -> None:
    row = await short.run(loop(60, create("one", '${ "n" + ($index | tostring) }')), fail())
    assert row["status"] == "failed"
    assert len(await listed(short, row["id"], 2)) > 1
    steps = row["result_data"]["rollback"]["steps"]
    assert [step["iteration"] for step in steps] == [str(index) for index in reversed(range(60))]
    assert {step["status"] for step in steps} == {"compensated"}
    assert await short.rows.count("contacts", short.owner) == 0


async def test_a_long_rollback_goes_on_in_new_runs_and_a_cancellation_does_not_keep_it_from_its_end(
    short: Runner,
) -> None:
    short = replace(short, executions=replace(short.executions, events_a_run=100))
    execution = await short.start(loop(80, create("one", "x")), fail())
    undone = "SELECT count(*) FROM private.effects WHERE execution_id = $1 AND undone_at IS NOT NULL"
    async with asyncio.timeout(60):
        while await short.rows.connection.fetchval(undone, execution) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await short.executions.cancel(short.identity, execution)
    row = await short.ended(execution)
    steps = row["result_data"]["rollback"]["steps"]
    assert (row["status"], row["error"]["title"]) == ("failed", "No")
    assert [step["iteration"] for step in steps] == [str(index) for index in reversed(range(80))]
    assert {step["status"] for step in steps} == {"compensated"}
    assert [task["status"] for task in row["tasks"] if task["name"] == "one"] == ["compensated"] * 80
    assert await short.rows.count("contacts", short.owner) == 0
    lengths = await listed(short, row["id"], 2)
    assert max(lengths) < 150


async def test_who_waits_for_the_answer_gets_it_from_the_last_run(short: Runner) -> None:
    row = await short.run(loop(60, create("one", "x")), {"end": {"set": {"done": True}}})
    assert row["result_data"] == {"done": True}
    assert (await short.handle(UUID(row["id"])).result())["status"] == "completed"
    assert await short.rows.count("contacts", short.owner) == 60


async def test_a_cancellation_reaches_the_run_of_the_moment(short: Runner) -> None:
    execution = await short.start(loop(400, create("one", "x")), {"never": {"wait": {"hours": 1}}})
    await short.until_contacts(60)
    await short.executions.cancel(short.identity, execution)
    row = await short.ended(execution)
    assert row["status"] == "cancelled"
    assert await short.rows.count("contacts", short.owner) == 0


async def test_a_cancellation_that_meets_a_run_at_its_very_beginning_undoes_what_the_runs_before_did(
    short: Runner,
) -> None:
    large = {"text": "x" * 100_000}  # each run reads it from PostgreSQL before anything else
    execution = await short.start(loop(400, create("one", "x")), data=large)
    await short.until_contacts(5)
    rows = short.rows.connection
    reading = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND query LIKE '%private.execution_document%' AND pid <> pg_backend_pid())"
    )
    async with rows.transaction():
        await rows.execute("LOCK TABLE private.workflow_versions IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(60):
            while not await rows.fetchval(reading):
                await rows.execute("SELECT pg_stat_clear_snapshot()")
                await asyncio.sleep(0.02)
        await short.executions.cancel(short.identity, execution)
        async with asyncio.timeout(60):
            while not await is_told(short, execution):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    row = await short.ended(execution)
    assert row["status"] == "cancelled"
    assert {step["status"] for step in row["result_data"]["rollback"]["steps"]} == {"compensated"}
    assert {task["status"] for task in row["tasks"]} == {"compensated", "cancelled"}
    assert await short.rows.count("contacts", short.owner) == 0


async def test_a_timeout_counts_from_the_first_run(short: Runner) -> None:
    row = await short.run(loop(5000, create("one", "x")), timeout={"after": {"seconds": 4}})
    assert (row["status"], row["error"]["status"]) == ("failed", 408)
    assert "within 4 s" in row["error"]["detail"]
    assert len(await listed(short, row["id"], 2)) > 1


async def test_every_run_replays(short: Runner) -> None:
    row = await short.run(loop(40, create("one", "x"), count_up()), {"nap": {"wait": {"seconds": 6}}})
    client = short.executions.temporal
    # Debugging has no limit of seconds for a step: the machine may stand still.
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=sandbox(), data_converter=client.data_converter, debug_mode=True
    )
    await listed(short, row["id"], 2)
    found = [each async for each in client.list_workflows(f"WorkflowId = 'execute-workflow/{row['id']}'")]
    for each in found:
        history = await client.get_workflow_handle(each.id, run_id=each.run_id).fetch_history()
        await replayer.replay_workflow(history)


async def test_what_was_delivered_before_its_task_waits_comes_with_it_into_the_next_run(short: Runner) -> None:
    hear = {"hear": {"listen": {"to": {"one": {"with": {"type": "order.paid"}}}}}}
    execution = await short.start(loop(80, create("one", "x")), hear)
    event = {"specversion": "1.0", "id": "1", "source": "/t", "type": "order.paid", "data": {"paid": True}}
    delivery = Delivery(key="/do/1/hear#", id="1", body=json.dumps(event))
    for _ in range(2):
        await short.handle(execution).signal("deliver", delivery)
    row = await short.ended(execution)
    assert (row["status"], row["result_data"]) == ("completed", [{"paid": True}])
    assert len(await listed(short, str(execution), 2)) > 1


async def test_a_fork_goes_on_in_one_run_and_what_follows_it_in_another(short: Runner) -> None:
    branches = [{f"b{index}": {"do": [loop(15, create("one", "x"))]}} for index in range(3)]
    row = await short.run({"all": {"fork": {"branches": branches}}}, loop(30, create("two", "y")))
    assert row["status"] == "completed"
    assert await short.rows.count("contacts", short.owner) == 75
    assert len(await listed(short, row["id"], 2)) > 1


async def test_thousands_of_effects_with_large_results(short: Runner, outside: StandIn) -> None:
    outside.answers["/page"] = message(json.dumps({"text": "x" * 70_000}).encode(), "200 OK", JSON)
    get = {
        "call": "http",
        "with": {"method": "GET", "endpoint": "http://outside.example.com/page"},
        "timeout": {"after": {"seconds": 4}},
    }
    row = await short.run(loop(60, {"page": {**get, "output": {"as": "${ .text | length }"}}}))
    assert (row["status"], row["result_data"]) == ("completed", 70_000)


async def test_the_reconciler_leaves_an_execution_alone_that_is_in_a_later_run(
    short: Runner, resources: Resources
) -> None:
    execution = await short.start(loop(60, create("one", "x")), {"nap": {"wait": {"minutes": 5}}})
    await short.until_contacts(60)
    await short.rows.connection.execute(
        "UPDATE workflow_executions SET created_at = now() - interval '1 minute' WHERE id = $1", execution
    )
    upkeep = TemporalUpkeepActivities(resources.database, resources.client)
    assert await upkeep._status(execution) is WorkflowExecutionStatus.RUNNING
    await resources.client.execute_workflow("reconcile-executions", id=f"test-{uuid4()}", task_queue="platform")
    assert (await short.row(execution))["status"] == "running"
    await short.executions.cancel(short.identity, execution)
    assert (await short.ended(execution))["status"] == "cancelled"
    assert await short.rows.count("contacts", short.owner) == 0
