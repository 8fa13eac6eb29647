"""Values above 64 KiB are kept in the S3 store, and histories hold references."""

import json
from uuid import UUID

import pytest
from temporalio.worker import Replayer

from tests.unit.http_stand_in import StandIn, message
from tests.workflows.running import Row, Runner
from worker.registry import WORKFLOWS
from worker.sandbox import runner as sandbox
from workflows.names import execution_workflow_id
from zilliance.devstack import Stack
from zilliance.payloads import data_converter, discard_payloads, payload_prefix
from zilliance.storage import MissingObjectError, ObjectStore

JSON = "Content-Type: application/json"


def call(name: str, path: str, method: str = "POST", **more: object) -> Row:
    return {name: {"call": "http", "with": {"method": method, "endpoint": f"http://outside.example.com{path}"}, **more}}


def answer(outside: StandIn, path: str, size: int) -> None:
    outside.answers[path] = message(json.dumps({"text": "x" * size}).encode(), "200 OK", JSON)


async def kept(store: ObjectStore, execution: str) -> list[str]:
    prefix = payload_prefix(execution_workflow_id(UUID(execution)))
    keys: list[str] = await store._threads.submit(store._bucket.keys, prefix)
    return [key for key in keys if "/outputs/" not in key]


async def history_bytes(runner: Runner, execution: str) -> int:
    history = await runner.handle(UUID(execution)).fetch_history()
    return sum(len(event.SerializeToString()) for event in history.events)


@pytest.mark.parametrize("method", ["GET", "POST"])  # a local activity, a regular one
async def test_a_large_result_is_kept_by_reference(
    runner: Runner, store: ObjectStore, outside: StandIn, method: str
) -> None:
    answer(outside, "/payload", 3_500_000)
    row = await runner.run(
        call("read", "/payload", method, timeout={"after": {"seconds": 60}}),
        {"count": {"set": {"n": "${ .text | length }"}}},
    )
    assert row["result_data"] == {"n": 3_500_000}
    assert await history_bytes(runner, row["id"]) < 20_000
    assert len(await kept(store, row["id"])) == 1


async def test_a_small_result_stays_in_the_history(runner: Runner, store: ObjectStore, outside: StandIn) -> None:
    answer(outside, "/small", 30_000)
    row = await runner.run(call("read", "/small"), {"count": {"set": {"n": "${ .text | length }"}}})
    assert await history_bytes(runner, row["id"]) > 30_000
    assert await kept(store, row["id"]) == []


async def test_a_result_of_ten_mebibytes_is_refused_with_a_clear_error(runner: Runner, outside: StandIn) -> None:
    answer(outside, "/huge", 10 * 1024 * 1024)
    row = await runner.run(call("read", "/huge"))
    assert row["status"] == "failed"
    assert "more than 4194304 bytes" in row["error"]["detail"]


async def test_a_history_with_references_replays(runner: Runner, store: ObjectStore, outside: StandIn) -> None:
    answer(outside, "/again", 200_000)
    row = await runner.run(call("read", "/again"), call("send", "/sent"))
    history = await runner.handle(UUID(row["id"])).fetch_history()
    converter = data_converter(store)  # of another process: it has nothing of this in memory
    # Debugging has no limit of seconds for a step: the machine may stand still.
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=sandbox(), data_converter=converter, debug_mode=True)
    await replayer.replay_workflow(history)


async def test_what_an_execution_keeps_can_be_deleted(runner: Runner, store: ObjectStore, outside: StandIn) -> None:
    answer(outside, "/gone", 100_000)
    row = await runner.run(call("read", "/gone"))
    [key] = await kept(store, row["id"])
    await discard_payloads(store, execution_workflow_id(UUID(row["id"])))
    await discard_payloads(store, execution_workflow_id(UUID(row["id"])))
    with pytest.raises(MissingObjectError):
        await store.fetch(key)


async def test_an_outage_of_the_store_delays_and_repeats_no_call(runner: Runner, base: Stack, outside: StandIn) -> None:
    answer(outside, "/posted", 600_000)
    tutorial = {"table": "tutorials", "values": {"title": "t", "content": '${ "y" * 600000 }'}}
    tasks = [
        {"make": {"call": "create-row", "with": tutorial}},
        call("post", "/posted"),
        {"size": {"set": {"n": "${ .text | length }"}}},
    ]
    await base.kill("s3")
    row = await runner.run(*tasks)
    assert (row["status"], row["result_data"]) == ("completed", {"n": 600_000})
    assert await runner.rows.count("tutorials", runner.owner) == 1
    assert [received.target for received in outside.requests].count("/posted") == 1
