"""How many runs of a definition may be under way at once, and what becomes of one too many."""

import asyncio
import json
from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from tests.waiting import beside, until
from tests.workflows.running import Row, Runner, statuses
from worker.resources import Resources
from worker.starter import keep_starting
from zilliance.errors import ConflictError, InvalidInputError

REST: Row = {"rest": {"wait": {"minutes": 5}}}


@pytest.fixture(autouse=True)
async def starting(resources: Resources) -> AsyncGenerator[None]:
    """As in every worker: whoever ends may have started what others left behind, instead of what queued behind him."""
    async with beside(keep_starting(resources)):
        yield


def bounded(limit: object, on_limit: str = "queue") -> Row:
    """The document's header with a limit."""
    return {
        "dsl": "1.0.3",
        "namespace": "default",
        "name": "bounded",
        "version": "0.1.0",
        "metadata": {"concurrency": {"limit": limit, "onLimit": on_limit}},
    }


async def queued(runner: Runner, definition: UUID) -> list[UUID]:
    found = await runner.rows.connection.fetch(
        "SELECT execution_id FROM private.queued_executions WHERE workflow_id = $1 ORDER BY execution_id", definition
    )
    return [row["execution_id"] for row in found]


async def end(runner: Runner, execution: UUID) -> Row:
    """Cancel a run as soon as it is started, and wait for its end."""
    await runner.executions.cancel(runner.identity, execution)
    return await runner.ended(execution)


async def test_runs_above_the_limit_wait_and_begin_in_order(runner: Runner) -> None:
    definition = await runner.define(REST, document=bounded(2))
    runs = [(await runner.execute(definition, n, wait=False)).execution_id for n in range(5)]
    assert await queued(runner, definition) == runs[2:]
    assert {(await runner.row(run))["status"] for run in runs[2:]} == {"pending"}
    for number, run in enumerate(runs):
        assert (await end(runner, run))["status"] == "cancelled"
        assert await queued(runner, definition) == runs[3 + number :]


async def test_a_caller_waits_for_a_run_that_queues(runner: Runner) -> None:
    tasks: list[Row] = [{"nap": {"wait": {"milliseconds": 300}}}, {"say": {"set": {"done": True}}}]
    definition = await runner.define(*tasks, document=bounded(1))
    answers = await asyncio.gather(*(runner.execute(definition) for _ in range(4)))
    rows = sorted((json.loads(answer.row) for answer in answers), key=lambda row: row["completed_at"])
    assert [row["result_data"] for row in rows] == [{"done": True}] * 4
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


async def test_the_limit_is_exact_when_many_come_at_once(runner: Runner) -> None:
    definition = await runner.define(REST, document=bounded(3, "reject"))
    answers = await asyncio.gather(
        *(runner.execute(definition, n, wait=False) for n in range(12)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, ConflictError)]
    assert (len(refused), {each.code for each in refused}) == (9, {"CONCURRENCY_LIMIT_REACHED"})
    assert await runner.rows.count("workflow_executions", runner.owner) == 3


async def test_a_run_that_queues_can_be_cancelled_and_never_starts(runner: Runner) -> None:
    definition = await runner.define(REST, document=bounded(1))
    first, second, third = [(await runner.execute(definition, wait=False)).execution_id for _ in range(3)]
    row = json.loads((await runner.executions.cancel(runner.identity, second)).row)
    assert (row["status"], statuses(row)) == ("cancelled", {})
    assert await queued(runner, definition) == [third]
    await end(runner, first)
    assert await queued(runner, definition) == []
    await end(runner, third)


async def test_a_wider_limit_lets_out_what_waits(runner: Runner) -> None:
    definition = await runner.define(REST, document=bounded(1))
    runs = [(await runner.execute(definition, wait=False)).execution_id for _ in range(4)]
    await runner.rows.connection.execute(
        "UPDATE workflows SET config = $2::jsonb WHERE id = $1",
        definition,
        json.dumps({"document": bounded(3), "do": [REST]}),
    )
    assert await queued(runner, definition) == runs[3:]
    for run in runs:
        await end(runner, run)


async def test_what_executions_run_is_counted_and_not_held_up(runner: Runner) -> None:
    definition = await runner.define(REST, document=bounded(1, "reject"))
    run: Row = {"run": {"workflow": {"namespace": "default", "name": "bounded", "version": "latest"}}}
    parent = await runner.start({"both": {"fork": {"branches": [{"one": run}, {"two": run}]}}})
    counted = "SELECT count(*) FROM workflow_executions WHERE workflow_id = $1 AND status = 'running'"

    async def run_both() -> bool:
        return await runner.rows.connection.fetchval(counted, definition) == 2

    await until(run_both)
    with pytest.raises(ConflictError):
        await runner.execute(definition, wait=False)
    await runner.executions.cancel(runner.identity, parent)
    assert (await runner.ended(parent))["status"] == "cancelled"


@pytest.mark.parametrize(
    "metadata",
    [
        {"concurrency": {"limit": 0}},
        {"concurrency": {"limit": 1.5}},
        {"concurrency": {"limit": True}},
        {"concurrency": {"limit": 10_001}},
        {"concurrency": {}},
        {"concurrency": 3},
        {"concurrency": {"limit": 1, "onLimit": "drop"}},
        {"concurrency": {"limit": 1, "most": 2}},
    ],
)
async def test_what_is_no_limit_is_refused(metadata: Row, runner: Runner) -> None:
    definition = await runner.define(REST, document={**bounded(1), "metadata": metadata})
    with pytest.raises(InvalidInputError) as caught:
        await runner.execute(definition)
    assert caught.value.details["issues"][0]["pointer"].startswith("/document/metadata/concurrency")
