"""Suspension: nothing new begins until the execution is resumed, and its row says so."""

import asyncio
from uuid import UUID

import pytest

from api.executions.suspension import resume, suspend
from tests.workflows.running import Row, Runner, create, statuses
from tests.workflows.streaming import runs
from zilliance.errors import ConflictError, NotFoundError

# Long enough to be suspended in it, on a busy machine too.
NAP: Row = {"nap": {"wait": {"seconds": 4}}}


async def until_phase(runner: Runner, execution: UUID, phase: str | None) -> Row:
    async with asyncio.timeout(60):
        while (row := await runner.row(execution))["phase"] != phase:  # noqa: ASYNC110  rows send no event
            await asyncio.sleep(0.05)
    return row


async def test_a_suspended_execution_begins_nothing_until_it_is_resumed(runner: Runner) -> None:
    execution = await runner.start(create("one", "Ada"), NAP, create("two", "Bea"), {"last": NAP["nap"]})
    await runner.until_contacts(1)
    for _ in range(2):
        await suspend(runner.executions, runner.identity, execution)
    row = await until_phase(runner, execution, "suspended")
    assert row["status"] == "running"
    await asyncio.sleep(4.5)  # the nap is over
    assert await runner.rows.count("contacts", runner.owner) == 1
    for _ in range(2):
        await resume(runner.executions, runner.identity, execution)
    row = await runner.ended(execution)
    assert (row["status"], row["phase"]) == ("completed", None)
    assert await runner.rows.count("contacts", runner.owner) == 2


async def test_a_suspended_execution_can_be_cancelled(runner: Runner) -> None:
    execution = await runner.start(create("one", "Ada"), NAP, create("two", "Bea"))
    await suspend(runner.executions, runner.identity, execution)
    await until_phase(runner, execution, "suspended")
    await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert row["status"] == "cancelled"
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_timeouts_go_on_counting(runner: Runner) -> None:
    execution = await runner.start(NAP, create("two", "Bea"), timeout={"after": {"seconds": 6}})
    await suspend(runner.executions, runner.identity, execution)
    row = await runner.ended(execution)
    assert (row["status"], row["error"]["status"]) == ("failed", 408)


async def test_branches_stop_each_before_its_next_task(runner: Runner) -> None:
    branch = {"do": [NAP, create("after", "Cleo")]}
    execution = await runner.start({"both": {"fork": {"branches": [{"a": branch}, {"b": branch}]}}})
    await suspend(runner.executions, runner.identity, execution)
    await until_phase(runner, execution, "suspended")
    assert await runner.rows.count("contacts", runner.owner) == 0
    await resume(runner.executions, runner.identity, execution)
    row = await runner.ended(execution)
    assert row["status"] == "completed"
    assert await runner.rows.count("contacts", runner.owner) == 2


async def test_what_has_ended_or_is_anothers_is_not_suspended(runner: Runner) -> None:
    row = await runner.run({"one": {"set": {"a": 1}}})
    execution = UUID(row["id"])
    for ask in (suspend, resume):
        with pytest.raises(ConflictError):
            await ask(runner.executions, runner.identity, execution)
    stranger = await Runner.sign_up(runner.rows, runner.executions.database, runner.executions.temporal)
    with pytest.raises(NotFoundError):
        await suspend(runner.executions, stranger.identity, execution)


async def test_the_row_says_that_an_execution_waits(runner: Runner) -> None:
    execution = await runner.start({"long": {"wait": {"minutes": 5}}})
    row = await until_phase(runner, execution, "waiting")
    assert row["status"] == "running"
    await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert (row["phase"], statuses(row)) == (None, {"long": "cancelled"})


async def test_what_a_run_does_is_decided_at_its_start_and_not_asked_of_its_history(runner: Runner) -> None:
    """Beside local activities, a replay may come to a question of the history before the answer is at hand."""
    execution = await runner.start({"long": {"wait": {"minutes": 5}}})
    await until_phase(runner, execution, "waiting")
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)
    history = await runner.handle(execution).fetch_history()
    markers = {event.marker_recorded_event_attributes.marker_name for event in history.events}
    assert "core_local_activity" in markers
    assert "core_patch" not in markers


async def test_a_wait_of_decades_is_a_wait(runner: Runner) -> None:
    execution = await runner.start({"long": {"wait": "P30Y"}})
    await until_phase(runner, execution, "waiting")
    await runner.executions.cancel(runner.identity, execution)
    assert (await runner.ended(execution))["status"] == "cancelled"


async def test_suspension_and_resumption_are_told_as_the_standard_says(runner: Runner) -> None:
    words = ("suspended", "resumed")
    listening = {
        word: await runner.define(
            {"keep": {"set": "${ .[0] }"}},
            schedule={"on": {"one": {"with": {"type": f"io.serverlessworkflow.workflow.{word}.v1"}}}},
        )
        for word in words
    }
    execution = await runner.start(NAP, create("two", "Bea"))
    await suspend(runner.executions, runner.identity, execution)
    await until_phase(runner, execution, "suspended")
    await resume(runner.executions, runner.identity, execution)
    await runner.ended(execution)
    for word in words:
        [row] = await runs(runner, listening[word], 1)
        assert row["result_data"]["source"] == f"/workflows/v1/executions/{execution}"
        assert f"{word}At" in row["result_data"]["data"]
