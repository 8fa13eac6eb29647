"""Attempts that fail after their work was done, and bugs of ours: what was promised holds all the same."""

from collections import Counter
from contextlib import suppress

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.worker import Worker

from activities.pauses import ClockPauseActivities
from activities.records import SqlExecutionActivities, SqlFunctionActivities
from activities.starts import ExecutionStarts
from tests.workflows.running import Row, Runner, create, fail, statuses
from worker.resources import Resources
from worker.sandbox import runner as sandbox
from workflows.contracts.execution import ExecuteWorkflowInput, FunctionCallInput, UndoEffectInput
from workflows.execute_workflow import ExecuteWorkflow

QUEUE = "bad-luck"


class LosesEveryFirstAnswer(SqlFunctionActivities):
    """Does what it is asked, and dies before it can say so."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources.database)
        self.asked: list[str] = []

    @activity.defn(name="function.call")
    async def call(self, call: FunctionCallInput) -> str:
        text = await super().call(call)
        self._lose(call.key)
        return text

    @activity.defn(name="function.undo")
    async def undo(self, effect: UndoEffectInput) -> None:
        await super().undo(effect)
        self._lose(f"undo {effect.key}")

    def _lose(self, what: str) -> None:
        self.asked.append(what)
        if self.asked.count(what) == 1:
            raise ConnectionError("the answer was lost")


class HasABug(SqlFunctionActivities):
    """Breaks in a way that nobody foresaw."""

    @activity.defn(name="function.call")
    async def call(self, call: FunctionCallInput) -> str:
        if call.name == "get-row":
            return "this is no JSON"
        return await super().call(call)


async def run(runner: Runner, resources: Resources, functions: SqlFunctionActivities, *tasks: Row) -> Row:
    """Run a document on a worker with these functions."""
    definition = await runner.define(*tasks)
    execution = await runner.rows.execution(runner.owner, definition)
    row = await runner.row(execution)
    document = await runner.rows.connection.fetchval("SELECT config::text FROM workflows WHERE id = $1", definition)
    starts = ExecutionStarts(resources.database, resources.client)
    executions, pauses = SqlExecutionActivities(resources.database, starts), ClockPauseActivities()
    acts = [executions.enter, executions.finish, functions.call, functions.undo, pauses.sleep, pauses.breathe]
    async with Worker(
        resources.client, task_queue=QUEUE, workflows=[ExecuteWorkflow], activities=acts, workflow_runner=sandbox()
    ):
        handle = await resources.client.start_workflow(
            ExecuteWorkflow.run,
            ExecuteWorkflowInput(
                execution_id=execution,
                owner_id=runner.owner,
                definition_id=definition,
                version=1,
                name="bad luck",
                document=document,
                started_at=row["started_at"],
            ),
            id=f"bad-luck/{execution}",
            task_queue=QUEUE,
        )
        with suppress(WorkflowFailureError):
            await handle.result()
    return await runner.row(execution)


@pytest.fixture
async def unlucky(resources: Resources) -> LosesEveryFirstAnswer:
    return LosesEveryFirstAnswer(resources)


async def test_an_effect_whose_answer_was_lost_is_not_done_twice(
    runner: Runner, resources: Resources, unlucky: LosesEveryFirstAnswer
) -> None:
    row = await run(runner, resources, unlucky, create("one", "Ada"), create("two", "Bea"))
    assert row["status"] == "completed"
    assert sorted(Counter(unlucky.asked)) == ["/do/0/one#", "/do/1/two#"]
    assert min(Counter(unlucky.asked).values()) >= 2  # and where the machine stands still, once more
    assert await runner.rows.count("contacts", runner.owner) == 2


async def test_an_undo_whose_answer_was_lost_is_not_done_twice(
    runner: Runner, resources: Resources, unlucky: LosesEveryFirstAnswer
) -> None:
    row = await run(runner, resources, unlucky, create("one", "Ada"), fail())
    assert statuses(row)["one"] == "compensated"
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_a_bug_ends_the_run_with_a_row_and_a_rollback(runner: Runner, resources: Resources) -> None:
    read = {"read": {"call": "get-row", "with": {"table": "contacts", "id": "${ .id }"}}}
    row = await run(runner, resources, HasABug(resources.database), create("one", "Ada"), read)
    assert row["status"] == "failed"
    assert row["error"]["type"].endswith("/runtime")
    assert row["result_data"]["rollback"]["status"] == "completed"
    assert await runner.rows.count("contacts", runner.owner) == 0
