"""What is promised when a run is accepted: one run a key, one end a run, nothing lost between row and workflow."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client

from activities.upkeep import TemporalUpkeepActivities
from api.executions.accepting import Asked
from tests.activities.support import Rows
from tests.workflows.running import Row, Runner, create, fail
from worker.resources import Resources
from zilliance.enums import ExecutionStatus
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError, TooLargeError
from zilliance.settings import TemporalSettings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect

SET: Row = {"one": {"set": {"a": 1}}}


async def reconcile(resources: Resources) -> None:
    """One pass of the reconciler, as its schedule runs it."""
    await resources.client.execute_workflow("reconcile-executions", id=f"test-{uuid4()}", task_queue="platform")


async def age(rows: Rows, execution: object) -> None:
    """Make a row older than the reconciler's patience."""
    await rows.connection.execute(
        "UPDATE workflow_executions SET created_at = now() - $2::interval WHERE id = $1",
        execution,
        timedelta(minutes=1),
    )


async def test_a_key_stands_for_one_execution_even_when_repeats_come_at_once(runner: Runner) -> None:
    definition = await runner.define(SET)
    answers = await asyncio.gather(*(runner.execute(definition, {"n": 1}, key="k") for _ in range(6)))
    assert len({answer.execution_id for answer in answers}) == 1
    assert len({answer.row for answer in answers}) == 1
    assert await runner.rows.count("workflow_executions", runner.owner) == 1


async def test_a_key_with_another_request_is_refused(runner: Runner) -> None:
    definition = await runner.define(SET)
    await runner.execute(definition, {"n": 1}, key="k")
    for other in ((definition, {"n": 2}), (await runner.define(SET), {"n": 1})):
        with pytest.raises(ConflictError) as caught:
            await runner.execute(*other, key="k")
        assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_another_accounts_workflow_is_a_missing_one(runner: Runner, rows: Rows, client: Client) -> None:
    stranger = await Runner.sign_up(rows, runner.executions.database, client)
    definition = await runner.define(SET)
    execution = (await runner.execute(definition)).execution_id
    for attempt in (
        stranger.execute(definition),
        stranger.execute(uuid4()),
        stranger.row(execution),
        stranger.executions.cancel(stranger.identity, execution),
    ):
        with pytest.raises(NotFoundError):
            await attempt


async def test_a_workflow_that_is_switched_off_or_invalid_leaves_no_row(runner: Runner) -> None:
    off = await runner.rows.definition(runner.owner, {"do": [SET]}, is_active=False)
    with pytest.raises(ConflictError):
        await runner.execute(off)
    invalid = await runner.define({"one": {"sett": {"a": 1}}})
    with pytest.raises(InvalidInputError) as caught:
        await runner.execute(invalid)
    assert caught.value.code == "WORKFLOW_INVALID"
    assert caught.value.details["issues"][0]["pointer"] == "/do/0/one/sett"
    assert await runner.rows.count("workflow_executions", runner.owner) == 0


async def test_input_that_is_too_large_or_too_deep_is_refused(runner: Runner) -> None:
    definition = await runner.define(SET)
    deep: object = 1
    for _ in range(400):
        deep = [deep]
    with pytest.raises(TooLargeError):
        await runner.execute(definition, "x" * 1_100_000)
    with pytest.raises(InvalidInputError):
        await runner.execute(definition, deep)


async def test_what_has_ended_cannot_be_cancelled(runner: Runner) -> None:
    execution = (await runner.execute(await runner.define(SET))).execution_id
    with pytest.raises(ConflictError):
        await runner.executions.cancel(runner.identity, execution)


async def test_an_execution_that_was_committed_and_not_started_is_started(runner: Runner, resources: Resources) -> None:
    definition = await runner.define(create("one", "Ada"), fail())
    execution = await runner.rows.execution(runner.owner, definition)
    await age(runner.rows, execution)
    await reconcile(resources)
    row = await runner.ended(execution)
    assert row["status"] == "failed"
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_a_late_start_runs_the_version_that_was_accepted(runner: Runner, resources: Resources) -> None:
    definition = await runner.define(SET)
    execution = await resources.database.call(
        "SELECT execution_id FROM private.begin_run($1, $2, 'manual', 'null', NULL, NULL, NULL, 0, '1 hour')",
        runner.owner,
        definition,
        reason="begins a run that nobody starts",
    )
    assert isinstance(execution, UUID)
    async with runner.executions.database.transaction(runner.identity) as connection:
        await connection.execute(
            "UPDATE workflows SET config = $2::jsonb WHERE id = $1",
            definition,
            json.dumps({"do": [{"two": {"set": {"b": 2}}}]}),
        )
    await age(runner.rows, execution)
    await reconcile(resources)
    row = await runner.ended(execution)
    assert (row["version"], row["result_data"]) == (1, {"a": 1})


async def test_a_run_that_was_terminated_has_its_row_closed(runner: Runner, resources: Resources) -> None:
    execution = await runner.start({"rest": {"wait": {"minutes": 5}}})
    await runner.handle(execution).terminate()
    await age(runner.rows, execution)
    await reconcile(resources)
    row = await runner.row(execution)
    assert row["status"] == "failed"
    assert "terminated" in row["error_message"]
    assert (await runner.rows.one("workflows", row["workflow_id"]) or {})["status"] == "failed"


async def test_a_running_execution_is_left_alone(runner: Runner, resources: Resources) -> None:
    execution = await runner.start({"rest": {"wait": {"minutes": 5}}})
    await age(runner.rows, execution)
    await reconcile(resources)
    assert (await runner.row(execution))["status"] in {"pending", "running"}
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)


async def test_the_first_end_of_an_execution_wins(runner: Runner, resources: Resources) -> None:
    execution = (await runner.execute(await runner.define(SET))).execution_id
    before = await runner.row(execution)
    upkeep = TemporalUpkeepActivities(resources.database, resources.client)
    await upkeep._close(execution, ExecutionStatus.FAILED, "late")
    assert await runner.row(execution) == before


async def test_without_temporal_the_row_is_answered_and_kept(runner: Runner, store: ObjectStore) -> None:
    away = await connect(TemporalSettings(address="127.0.0.1:1"), store, lazy=True)
    executions = replace(runner.executions, temporal=away, eager=False, wait_seconds=5)
    answer = await executions.execute(runner.identity, Asked(await runner.define(SET)), wait=True)
    assert not answer.ended
    assert json.loads(answer.row)["status"] == "pending"
