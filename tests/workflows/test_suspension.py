"""Suspension: nothing new begins until the execution is resumed, and its row says so."""

import asyncio
import json
from uuid import UUID

import pytest

from api.executions.running_tasks import read_execution
from api.executions.suspension import resume, suspend
from tests.waiting import until
from tests.workflows.running import Row, Runner, create, statuses
from tests.workflows.streaming import HELD, event, listen, publish, release, runs, until_listening
from zilliance.errors import ConflictError, NotFoundError


async def suspended_where_it_is_held(runner: Runner, execution: UUID, listeners: int = 1) -> Row:
    await until_listening(runner, execution, listeners)
    await suspend(runner.executions, runner.identity, execution)
    return await until_phase(runner, execution, "suspended")


async def until_no_longer_held(runner: Runner, execution: UUID, times: int = 1) -> list[str]:
    """The tasks that it has come to, as soon as none of them waits."""

    async def come_to() -> list[str] | None:
        row = json.loads(await read_execution(runner.executions, runner.identity, execution))
        ended = [task["name"] for task in row["tasks"] if task["status"] == "completed"]
        return [task["name"] for task in row["tasks"]] if ended.count("held") == times else None

    return await until(come_to)


async def until_phase(runner: Runner, execution: UUID, phase: str | None) -> Row:
    async with asyncio.timeout(60):
        while (row := await runner.row(execution))["phase"] != phase:  # noqa: ASYNC110  rows send no event
            await asyncio.sleep(0.05)
    return row


async def test_a_suspended_execution_begins_nothing_until_it_is_resumed(runner: Runner) -> None:
    last = listen("last", {"one": {"with": {"type": "end"}}})  # it is open when it is resumed again
    execution = await runner.start(create("one", "Ada"), HELD, create("two", "Bea"), last)
    await suspended_where_it_is_held(runner, execution)
    row = await suspended_where_it_is_held(runner, execution)
    assert row["status"] == "running"
    await release(runner, execution)
    assert await until_no_longer_held(runner, execution) == ["one", "held"]
    assert await runner.rows.count("contacts", runner.owner) == 1
    for _ in range(2):
        await resume(runner.executions, runner.identity, execution)
    await until_listening(runner, execution)
    await publish(runner, event("end", 2))
    row = await runner.ended(execution)
    assert (row["status"], row["phase"]) == ("completed", None)
    assert await runner.rows.count("contacts", runner.owner) == 2


async def test_a_suspended_execution_can_be_cancelled(runner: Runner) -> None:
    execution = await runner.start(create("one", "Ada"), HELD, create("two", "Bea"))
    await suspended_where_it_is_held(runner, execution)
    await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert row["status"] == "cancelled"
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_timeouts_go_on_counting(runner: Runner) -> None:
    execution = await runner.start(HELD, create("two", "Bea"), timeout={"after": {"seconds": 20}})
    await suspended_where_it_is_held(runner, execution)
    await release(runner, execution)
    row = await runner.ended(execution)
    assert (row["status"], row["error"]["status"], statuses(row)) == ("failed", 408, {"held": "completed"})


async def test_branches_stop_each_before_its_next_task(runner: Runner) -> None:
    branch = {"do": [HELD, create("after", "Cleo")]}
    execution = await runner.start({"both": {"fork": {"branches": [{"a": branch}, {"b": branch}]}}})
    await suspended_where_it_is_held(runner, execution, 2)
    await release(runner, execution, 2)
    assert "after" not in await until_no_longer_held(runner, execution, 2)
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
    execution = await runner.start(HELD, create("two", "Bea"))
    await suspended_where_it_is_held(runner, execution)
    await resume(runner.executions, runner.identity, execution)
    await release(runner, execution)
    await runner.ended(execution)
    for word in words:
        [row] = await runs(runner, listening[word], 1)
        assert row["result_data"]["source"] == f"/workflows/v1/executions/{execution}"
        assert f"{word}At" in row["result_data"]["data"]
