"""Executions on a real Temporal and a real database: what their rows say, and what a failure leaves behind."""

import asyncio
import json
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import TimeoutType
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.worker import Replayer

from tests.workflows.running import Row, Runner, create, fail, statuses, update
from tests.workflows.streaming import HELD, release
from worker.sandbox import runner as sandbox
from workflows.execute_workflow import ExecuteWorkflow


async def test_a_pure_workflow_completes_with_its_output(runner: Runner) -> None:
    row = await runner.run(
        {"double": {"set": {"n": "${ .n * 2 }"}}},
        {"name": {"set": "${ {n, who: $workflow.input.who} }"}},
        data={"n": 21, "who": "Ada"},
    )
    assert (row["status"], row["result_data"]) == ("completed", {"n": 42, "who": "Ada"})
    assert row["error"] is row["error_message"] is None
    assert [task["reference"] for task in row["tasks"]] == ["/do/0/double", "/do/1/name"]
    assert row["duration_ms"] >= 0
    assert row["completed_at"] >= row["started_at"]
    assert (await runner.rows.one("workflows", row["workflow_id"]) or {})["status"] == "completed"


async def test_a_failing_step_rolls_back_what_was_created(runner: Runner) -> None:
    row = await runner.run(create("one", "Ada"), create("two", "Bea"), fail())
    assert row["status"] == "failed"
    assert statuses(row) == {"one": "compensated", "two": "compensated", "refuse": "faulted"}
    assert row["error"] == {
        "type": "https://example.com/errors/no", "status": 400, "title": "No", "instance": "/do/2/refuse",
    }  # fmt: skip
    assert row["result_data"]["rollback"]["status"] == "completed"
    assert [step["reference"] for step in row["result_data"]["rollback"]["steps"]] == ["/do/1/two", "/do/0/one"]
    assert await runner.rows.count("contacts", runner.owner) == 0
    assert (await runner.rows.one("workflows", row["workflow_id"]) or {})["status"] == "failed"


async def test_updates_and_deletions_are_undone(runner: Runner) -> None:
    kept = json.loads(
        await runner.rows.connection.fetchval(
            "INSERT INTO contacts AS c (user_id, type, first_name) VALUES ($1, 'individual', 'Ada')"
            " RETURNING to_jsonb(c)::text",
            runner.owner,
        )
    )
    identity = "${ $workflow.input.id }"
    row = await runner.run(
        update("first", identity, first_name="Bea"),
        update("second", identity, first_name="Cleo", tags=["x"]),
        {"gone": {"call": "delete-row", "with": {"table": "contacts", "id": identity}}},
        fail(),
        data={"id": kept["id"]},
    )
    assert row["result_data"]["rollback"]["status"] == "completed", row
    restored = await runner.rows.one("contacts", kept["id"]) or {}
    assert restored | {"updated_at": None} == kept | {"updated_at": None}


async def test_a_conflict_is_recorded_and_the_rest_still_undone(runner: Runner) -> None:
    execution = await runner.start(create("one", "Ada"), create("two", "Bea"), HELD, fail())
    await runner.until_contacts(2)
    await runner.rows.connection.execute(
        "UPDATE contacts SET last_name = 'theirs' WHERE user_id = $1 AND first_name = 'Bea'", runner.owner
    )
    await release(runner, execution)
    row = await runner.ended(execution)
    assert statuses(row) == {
        "one": "compensated",
        "two": "compensation_failed",
        "held": "completed",
        "refuse": "faulted",
    }
    rollback = row["result_data"]["rollback"]
    assert rollback["status"] == "partial"
    assert rollback["steps"][0]["error"]["status"] == 409
    assert await runner.rows.count("contacts", runner.owner) == 1


async def test_cancelling_rolls_back(runner: Runner) -> None:
    execution = await runner.start(create("one", "Ada"), {"rest": {"wait": {"minutes": 5}}})
    await runner.until_contacts(1)
    while (row := await runner.row(execution))["status"] == "pending":  # noqa: ASYNC110  written beside the effect
        await asyncio.sleep(0.02)
    assert row["status"] == "running"
    await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert row["status"] == "cancelled"
    assert statuses(row) == {"one": "compensated", "rest": "cancelled"}
    assert await runner.rows.count("contacts", runner.owner) == 0
    assert (await runner.handle(execution).describe()).status is WorkflowExecutionStatus.CANCELED


async def test_temporal_shows_a_failed_run_as_failed_by_the_errors_type(runner: Runner) -> None:
    execution = await runner.start(fail())
    with pytest.raises(WorkflowFailureError) as caught:
        await runner.handle(execution).result()
    assert getattr(caught.value.cause, "type", None) == "https://example.com/errors/no"


async def test_a_loop_of_thousands_does_not_trip_the_deadlock_detector(runner: Runner) -> None:
    loop = {
        "loop": {"for": {"each": "n", "in": "${ [range(9000)] }"}, "do": [{"add": {"set": {"sum": "${ .sum + $n }"}}}]}
    }
    row = await runner.run({"begin": {"set": {"sum": 0}}}, loop)
    assert row["status"] == "completed", row["error"]
    assert row["result_data"] == {"sum": sum(range(9000))}


async def test_an_exploding_expression_ends_while_another_execution_goes_on(runner: Runner) -> None:
    exploding = await runner.start({"boom": {"set": "${ def f: f | f; f }"}})
    other = await runner.run({"quick": {"set": {"ok": True}}})
    row = await runner.ended(exploding)
    assert row["status"] == "failed"
    assert row["error"]["type"].endswith("/expression")
    assert other["status"] == "completed"


async def test_what_is_not_storable_text_does_not_block_the_row(runner: Runner) -> None:
    row = await runner.run({"odd": {"set": {"text": '${ "a\\u0000b" }'}}})
    assert row["result_data"] == {"text": "a\ufffdb"}


async def test_a_large_document_and_input_are_loaded_and_not_carried(runner: Runner) -> None:
    definition = await runner.define(
        {"keep": {"set": {"size": "${ $workflow.input.text | length }", "pad": "x" * 60_000}}}
    )
    answer = await runner.execute(definition, {"text": "é" * 200_000})
    row = json.loads(answer.row)
    assert row["status"] == "completed", row["error"]
    assert row["result_data"]["size"] == 200_000
    history = await runner.handle(answer.execution_id).fetch_history()
    assert sum(len(event.SerializeToString()) for event in history.events) < 100_000


async def test_the_same_workflow_run_beside_itself_leaves_its_definition_right(runner: Runner) -> None:
    definition = await runner.define({"one": {"set": {"a": 1}}})
    await asyncio.gather(*(runner.execute(definition) for _ in range(8)))
    assert (await runner.rows.one("workflows", definition) or {})["status"] == "completed"


async def test_histories_replay(runner: Runner) -> None:
    rolled_back = await runner.run(create("one", "Ada"), {"nap": {"wait": {"milliseconds": 20}}}, fail())
    completed = await runner.run(
        {"both": {"fork": {"branches": [create("a", "Ada"), create("b", "Bea")]}}},
        {"found": {"call": "query-rows", "with": {"table": "contacts", "select": "first_name", "order": "first_name"}}},
    )
    assert [one["first_name"] for one in completed["result_data"]] == ["Ada", "Bea"]
    replayer = Replayer(
        workflows=[ExecuteWorkflow],
        workflow_runner=sandbox(),
        data_converter=runner.executions.temporal.data_converter,
        debug_mode=True,  # no limit of seconds for a step: the machine may stand still
    )
    for row in (rolled_back, completed):
        await replayer.replay_workflow(await runner.handle(UUID(row["id"])).fetch_history())


async def test_a_timeout_ends_a_wait_and_rolls_back(runner: Runner) -> None:
    row = await runner.run(
        create("one", "Ada"), {"long": {"wait": {"minutes": 5}, "timeout": {"after": {"seconds": 1}}}}
    )
    assert (row["status"], row["error"]["status"]) == ("failed", 408)
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_a_branch_that_wins_cancels_the_others(runner: Runner) -> None:
    branches = [{"slow": {"wait": {"minutes": 5}}}, create("quick", "Ada")]
    row = await runner.run({"race": {"fork": {"compete": True, "branches": branches}}})
    assert row["status"] == "completed"
    assert row["result_data"]["first_name"] == "Ada"
    assert statuses(row) == {"race": "completed", "slow": "cancelled", "quick": "completed"}


@pytest.mark.parametrize("quick", [{"set": {"a": 1}}, fail("quick")["quick"]])
async def test_a_wait_that_is_given_up_at_once_does_not_hold_up_the_end(runner: Runner, quick: Row) -> None:
    branches = [{"slow": {"wait": {"minutes": 5}}}, {"quick": quick}]
    for _ in range(4):
        row = await runner.run({"race": {"fork": {"branches": branches, "compete": "set" in quick}}})
        assert statuses(row)["slow"] == "cancelled"
        history = await runner.handle(UUID(row["id"])).fetch_history()
        # Of a task that no worker took, where the machine stood still, this says nothing.
        ended = [event.workflow_task_timed_out_event_attributes.timeout_type for event in history.events]
        assert TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE not in ended


async def test_a_caught_fault_of_a_function_goes_on(runner: Runner) -> None:
    wrong = {"wrong": {"call": "create-row", "with": {"table": "contacts", "values": {"type": "robot"}}}}
    row = await runner.run(
        {
            "careful": {
                "try": [wrong],
                "catch": {"as": "problem", "do": [{"tell": {"set": {"of": "${ $problem.status }"}}}]},
            }
        }
    )
    assert (row["status"], row["result_data"]) == ("completed", {"of": 400})
