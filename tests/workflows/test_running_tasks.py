"""Executions while they run: their tasks as far as they have come, and whole outputs beside the log."""

import asyncio
import json
from dataclasses import replace
from uuid import UUID

import pytest

from api.executions.running_tasks import read_execution, read_tasks, running_tasks
from api.executions.task_outputs import task_output
from tests.workflows.running import Row, Runner, create, fail
from workflows.names import execution_workflow_id
from zilliance.errors import ConflictError, NotFoundError
from zilliance.kept_outputs import read_output
from zilliance.payloads import discard_payloads
from zilliance.settings import TemporalSettings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect

LONG: Row = {"long": {"wait": {"minutes": 5}}}


async def test_an_open_execution_shows_the_tasks_that_it_has_come_to(runner: Runner) -> None:
    execution = await runner.start(create("one", "Ada"), LONG)
    await runner.until_contacts(1)
    async with asyncio.timeout(60):
        while True:
            row = json.loads(await read_execution(runner.executions, runner.identity, execution))
            if [task["status"] for task in row["tasks"]] == ["completed", "waiting"]:
                break
            await asyncio.sleep(0.05)
        assert (row["status"], row["phase"], row["tasks"][0]["output"]["first_name"]) == ("running", "waiting", "Ada")
        # A worker that does not answer in time is done without.
        while not (page := json.loads(await read_tasks(runner.executions, runner.identity, execution)))["items"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [task["name"] for task in page["items"]] == ["one", "long"]
    await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert json.loads(await read_execution(runner.executions, runner.identity, execution)) == row


async def test_a_task_that_waits_for_an_answer_is_shown_as_waiting(runner: Runner) -> None:
    ask = {"ask": {"call": "request-approval", "with": {"title": "Go on?", "approvers": [str(runner.owner)]}}}
    execution = await runner.start({"group": {"do": [ask]}})
    async with asyncio.timeout(60):
        while True:
            page = json.loads(await read_tasks(runner.executions, runner.identity, execution))
            if [task["status"] for task in page["items"]] == ["running", "waiting"]:
                break
            await asyncio.sleep(0.05)
    await runner.executions.cancel(runner.identity, execution)
    assert {task["status"] for task in (await runner.ended(execution))["tasks"]} == {"cancelled"}


async def test_without_temporal_the_row_is_answered(runner: Runner, store: ObjectStore) -> None:
    execution = await runner.start(LONG)
    away = await connect(TemporalSettings(address="127.0.0.1:1"), store, lazy=True)
    assert await running_tasks(away, execution) is None
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)


async def test_a_large_output_is_kept_whole_beside_the_log(runner: Runner, store: ObjectStore) -> None:
    row = await runner.run(
        {"big": {"set": {"text": '${ "é\\"" * 40000 }'}}},
        {"group": {"do": [{"bigger": {"set": "${ [range(20000)] }"}}]}},
        {"small": {"set": {"a": 1}}},
    )
    execution = UUID(row["id"])
    notes = [task["output"] for task in row["tasks"]]
    assert [sorted(note) for note in notes] == [
        ["bytes", "reference", "truncated"],
        ["bytes", "truncated"],
        ["bytes", "reference", "truncated"],
        ["a"],
    ]
    whole = [
        json.loads(await task_output(runner.executions, store, runner.identity, execution, index))
        for index in (0, 2, 3)
    ]
    assert whole == [{"text": 'é"' * 40000}, list(range(20000)), {"a": 1}]
    assert len(await read_output(store, execution_workflow_id(execution), notes[2]["reference"])) == notes[2]["bytes"]
    with pytest.raises(ConflictError):
        await task_output(runner.executions, store, runner.identity, execution, 1)
    with pytest.raises(NotFoundError):
        await task_output(runner.executions, store, runner.identity, execution, 4)
    await discard_payloads(store, execution_workflow_id(execution))
    with pytest.raises(NotFoundError):
        await task_output(runner.executions, store, runner.identity, execution, 0)


async def test_a_note_that_a_task_made_up_stands_for_nothing(runner: Runner, store: ObjectStore) -> None:
    note = {"truncated": True, "bytes": 5, "reference": "outputs/0-0:5-1"}
    row = await runner.run({"big": {"set": '${ ["x" * 70000] }'}}, {"own": {"set": note}})
    with pytest.raises(NotFoundError):
        await task_output(runner.executions, store, runner.identity, UUID(row["id"]), 1)


async def test_outputs_of_every_run_are_kept_also_of_a_failed_execution(runner: Runner, store: ObjectStore) -> None:
    loop: Row = {
        "l": {
            "for": {"in": "${ [range(40)] }"},
            "do": [create("one", "x"), {"big": {"set": '${ ["\\($index)", "x" * 40000] }'}}],
        }
    }
    short = replace(runner, executions=replace(runner.executions, events_a_run=20))
    row = await short.run(loop, fail())
    assert row["status"] == "failed"
    big = [index for index, task in enumerate(row["tasks"]) if task["name"] == "big"]
    assert len({row["tasks"][index]["output"]["reference"].split(":")[0] for index in big}) > 1
    for place, index in enumerate(big):
        output = await task_output(runner.executions, store, runner.identity, UUID(row["id"]), index)
        assert json.loads(output)[0] == str(place)


async def test_large_outputs_leave_memory_while_the_execution_goes_on(runner: Runner, store: ObjectStore) -> None:
    loop = {"l": {"for": {"in": "${ [range(6)] }"}, "do": [{"big": {"set": '${ ["\\($index)", "x" * 1000000] }'}}]}}
    row = await runner.run(loop)
    lots = [task["output"]["reference"].split(":")[0] for task in row["tasks"] if task["name"] == "big"]
    assert lots == ["outputs/0-0"] * 3 + ["outputs/0-1"] * 3
    output = await task_output(runner.executions, store, runner.identity, UUID(row["id"]), 6)
    assert json.loads(output)[0] == "5"
