"""Retries: what was completed and not undone is taken over, everything else is done again; on any version."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.executions.retries import AskedRetry
from tests.unit.http_stand_in import StandIn, message
from tests.workflows.retrying import OUTSIDE, asked, change, contact, find, get, retry, reused
from tests.workflows.running import Row, Runner, create, fail, statuses
from workflows.names import execution_workflow_id
from zilliance.errors import AppError
from zilliance.payloads import discard_payloads
from zilliance.storage import ObjectStore


async def test_a_retry_takes_over_what_is_done_and_does_again_what_was_undone(runner: Runner, outside: StandIn) -> None:
    outside.answers["/retried-1"] = message(b'{"n": 7}', "200 OK", "Content-Type: application/json")
    missing = uuid4()
    row = await runner.run(
        {"first": {"set": {"a": 1}}},
        get("ask", "/retried-1", export={"as": "${ {n: .n} }"}),
        create("undone", "Ada"),
        find(),
        {"end": {"set": "${ {n: $context.n, who: .first_name} }"}},
        data={"id": str(missing)},
    )
    assert (row["status"], row["error"]["instance"]) == ("failed", "/do/3/find")
    await contact(runner, "Bea", missing)
    again = await retry(runner, row["id"])
    assert (again["status"], again["result_data"]) == ("completed", {"n": 7, "who": "Bea"})
    assert reused(again) == {"first": True, "ask": True, "undone": False, "find": False, "end": False}
    assert asked(outside, "/retried-1") == 1
    assert (again["retry_of"], again["trigger"], again["trigger_data"]) == (row["id"], "retry", row["trigger_data"])
    assert await runner.rows.count("contacts", runner.owner) == 2  # Bea, and Ada anew


async def test_a_corrected_definition_takes_effect_also_where_tasks_have_moved(
    runner: Runner, outside: StandIn
) -> None:
    outside.answers["/retried-2"] = message(b'{"n": 2}', "200 OK", "Content-Type: application/json")
    ask = {"ask": {"call": "http", "with": {"method": "POST", "endpoint": f"{OUTSIDE}/retried-2"}}}
    row = await runner.run(ask, {"sum": {"set": '${ .n + "x" | tonumber }'}})
    assert row["status"] == "failed"
    await change(
        runner,
        row["workflow_id"],
        {"new": {"set": {"before": True}}},
        ask,
        {"sum": {"set": "${ .n + 1 }"}},
    )
    again = await retry(runner, row["id"], version="latest")
    assert (again["status"], again["result_data"], again["version"]) == ("completed", 3, 2)
    assert reused(again) == {"new": False, "ask": True, "sum": False}
    same = await retry(runner, row["id"])
    assert (same["status"], same["version"]) == ("failed", 1)
    assert asked(outside, "/retried-2") == 1


async def test_a_retry_from_a_task_does_it_and_what_follows_again(runner: Runner, outside: StandIn) -> None:
    row = await runner.run(get("one", "/from-1"), get("two", "/from-2"), get("three", "/from-3"))
    again = await retry(runner, row["id"], "/do/1/two")
    assert reused(again) == {"one": True, "two": False, "three": False}
    assert [asked(outside, f"/from-{n}") for n in (1, 2, 3)] == [1, 2, 2]
    whole = await retry(runner, row["id"], "trigger")
    assert reused(whole) == {"one": False, "two": False, "three": False}
    assert whole["retry_of"] == row["id"]


async def test_a_retry_from_one_iteration_of_a_loop(runner: Runner, outside: StandIn) -> None:
    loop = {"for": {"in": "${ [1, 2, 3] }", "each": "n"}, "do": [get("ask", "/looped")]}
    row = await runner.run({"loop": loop})
    again = await retry(runner, row["id"], "/do/0/loop/do/0/ask", iteration="1")
    assert [task.get("reused", False) for task in again["tasks"]] == [False, True, False, False]
    assert asked(outside, "/looped") == 5


async def test_a_wait_that_is_over_is_not_waited_for_again(runner: Runner) -> None:
    missing = uuid4()
    row = await runner.run({"nap": {"wait": {"seconds": 2}}}, find(), data={"id": str(missing)})
    await contact(runner, "Ada", missing)
    again = await retry(runner, row["id"])
    assert reused(again) == {"nap": True, "find": False}
    history = await runner.handle(UUID(again["id"])).fetch_history()
    assert not [event for event in history.events if event.HasField("timer_started_event_attributes")]


async def test_the_rollback_of_a_retry_undoes_once_what_it_took_over(runner: Runner) -> None:
    row = await runner.run(create("kept", "Ada"), {"end": {"set": {"a": 1}}})
    assert await runner.rows.count("contacts", runner.owner) == 1
    await change(
        runner, row["workflow_id"], create("kept", "Ada"), {"end": {"set": {"a": 1}}}, create("more", "Bea"), fail()
    )
    again = await retry(runner, row["id"], "/do/1/end", version="latest")
    assert statuses(again) == {"kept": "compensated", "end": "completed", "more": "compensated", "refuse": "faulted"}
    assert again["result_data"]["rollback"]["status"] == "completed"
    assert await runner.rows.count("contacts", runner.owner) == 0
    # Whoever retries the first one now finds its row undone, and makes it anew.
    third = await retry(runner, row["id"], "/do/1/end")
    assert reused(third) == {"kept": False, "end": False}
    assert await runner.rows.count("contacts", runner.owner) == 1


async def test_changes_of_one_row_before_and_after_the_retry_are_undone_in_turn(runner: Runner) -> None:
    person = await contact(runner, "Ada")

    def rename(name: str, to: str) -> Row:
        values = {"table": "contacts", "id": str(person), "values": {"first_name": to}}
        return {name: {"call": "update-row", "with": values}}

    row = await runner.run(rename("one", "Bea"), {"end": {"set": {"a": 1}}})
    await change(runner, row["workflow_id"], rename("one", "Bea"), rename("two", "Cleo"), fail())
    again = await retry(runner, row["id"], "/do/1/end", version="latest")
    assert statuses(again) == {"one": "compensated", "two": "compensated", "refuse": "faulted"}
    assert (await runner.rows.one("contacts", person) or {})["first_name"] == "Ada"


async def test_an_undo_of_the_author_is_run_once_in_a_family_of_retries(runner: Runner, outside: StandIn) -> None:
    book = get("book", "/book", metadata={"compensate": [get("release", "/release")]})
    row = await runner.run(book, {"end": {"set": {"a": 1}}})
    await change(runner, row["workflow_id"], book, fail())
    again = await retry(runner, row["id"], "/do/1/end", version="latest")
    assert statuses(again)["book"] == "compensated"
    assert (asked(outside, "/book"), asked(outside, "/release")) == (1, 1)
    third = await retry(runner, row["id"], "/do/1/end")
    assert reused(third)["book"] is False
    assert (asked(outside, "/book"), asked(outside, "/release")) == (2, 1)


async def test_a_retry_of_a_retry_takes_over_what_the_first_one_did(runner: Runner, outside: StandIn) -> None:
    missing, later = uuid4(), uuid4()
    second = {"second": {"call": "get-row", "with": {"table": "contacts", "id": "${ $workflow.input.later }"}}}
    definition = [create("kept", "Ada", rollback="none"), get("ask", "/chain"), find(), second]
    row = await runner.run(*definition, data={"id": str(missing), "later": str(later)})
    await contact(runner, "Bea", missing)
    once = await retry(runner, row["id"])
    assert (once["status"], reused(once)) == ("failed", {"kept": True, "ask": True, "find": False, "second": False})
    await contact(runner, "Cleo", later)
    twice = await retry(runner, once["id"])
    assert (twice["status"], reused(twice)) == ("completed", {"kept": True, "ask": True, "find": True, "second": False})
    assert [task.get("origin", "")[:36] for task in twice["tasks"]][:3] == [row["id"], row["id"], once["id"]]
    assert asked(outside, "/chain") == 1
    assert await runner.rows.count("contacts", runner.owner) == 3


async def test_what_the_log_cut_off_is_fetched_or_asked_for_again_under_the_same_key(
    runner: Runner, outside: StandIn, store: ObjectStore
) -> None:
    outside.answers["/large"] = message(
        json.dumps({"t": "y" * 40_000}).encode(), "200 OK", "Content-Type: application/json"
    )
    row_of = {"table": "tutorials", "values": {"title": "long", "content": '${ "y" * 40000 }'}}
    made = {"call": "create-row", "with": row_of, "metadata": {"rollback": "none"}, "output": {"as": "${ [.content] }"}}
    missing = uuid4()
    row = await runner.run(
        {"made": made},
        {"size": {"set": "${ .[0] | length }"}},
        get("large", "/large"),
        find(),
        data={"id": str(missing)},
    )
    again = await retry(runner, row["id"])
    assert reused(again) == {"made": True, "size": True, "large": True, "find": False}
    assert (await runner.rows.count("tutorials", runner.owner), asked(outside, "/large")) == (1, 1)
    await contact(runner, "Ada", missing)
    await discard_payloads(store, execution_workflow_id(UUID(again["id"])))
    last = await retry(runner, again["id"])
    assert last["status"] == "completed"
    # What a table function answered is in its effect, too; what a host answered is nowhere else.
    assert reused(last) == {"made": True, "size": True, "large": False, "find": False}
    first, second = (request for request in outside.requests if request.target == "/large")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_a_sub_workflow_that_was_taken_over_is_rolled_back_with_the_retry(runner: Runner) -> None:
    header = {"dsl": "1.0.3", "namespace": "n", "name": "child", "version": "0.1.0"}
    await runner.define(create("made", "Ada"), document=header)
    child = {"child": {"run": {"workflow": {"namespace": "n", "name": "child", "version": "latest", "input": {}}}}}
    row = await runner.run(child, {"end": {"set": {"a": 1}}})
    assert (row["status"], await runner.rows.count("contacts", runner.owner)) == ("completed", 1)
    await change(runner, row["workflow_id"], child, fail())
    again = await retry(runner, row["id"], "/do/1/end", version="latest")
    assert reused(again) == {"child": True, "refuse": False}
    assert statuses(again)["child"] == "compensated"
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_what_was_undone_is_done_again_under_a_key_of_its_own(runner: Runner, outside: StandIn) -> None:
    book = get("book2", "/book2", metadata={"compensate": [{"release": {"set": {"a": 1}}}]})
    missing = uuid4()
    row = await runner.run(book, find(), data={"id": str(missing)})
    assert statuses(row)["book2"] == "compensated"
    await contact(runner, "Ada", missing)
    await retry(runner, row["id"])
    first, second = (request for request in outside.requests if request.target == "/book2")
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


async def refused(runner: Runner, origin: str | UUID, point: str = "failed", **more: Any) -> tuple[int, str]:
    with pytest.raises(AppError) as caught:
        await runner.executions.retry(runner.identity, AskedRetry(UUID(str(origin)), point, **more))
    return caught.value.status, caught.value.code


async def test_what_cannot_be_retried_is_refused(runner: Runner) -> None:
    row = await runner.run({"s": {"set": {"a": 1}}})
    assert await refused(runner, uuid4()) == (404, "EXECUTION_NOT_FOUND")
    assert await refused(runner, row["id"]) == (409, "NOTHING_FAILED")
    assert await refused(runner, row["id"], "/do/7/x") == (404, "TASK_NOT_FOUND")
    assert await refused(runner, row["id"], "/do/0/s", iteration="3") == (404, "TASK_NOT_FOUND")
    assert await refused(runner, row["id"], "trigger", version=9) == (404, "WORKFLOW_VERSION_NOT_FOUND")
    running = await runner.start({"nap": {"wait": {"minutes": 5}}})
    assert await refused(runner, running) == (409, "EXECUTION_NOT_ENDED")
    await runner.executions.cancel(runner.identity, running)
    await runner.rows.connection.execute(
        "UPDATE workflows SET is_active = false WHERE id = $1", UUID(row["workflow_id"])
    )
    assert await refused(runner, row["id"], "trigger") == (409, "WORKFLOW_INACTIVE")


async def test_a_stranger_cannot_retry(runner: Runner, rows: Any, requests_database: Any, client: Any) -> None:
    row = await runner.run(fail())
    stranger = await Runner.sign_up(rows, requests_database, client)
    assert await refused(stranger, row["id"]) == (404, "EXECUTION_NOT_FOUND")


async def test_one_retry_of_a_family_at_a_time(runner: Runner) -> None:
    row = await runner.run({"nap": {"wait": {"milliseconds": 1}}}, fail())
    await change(runner, row["workflow_id"], {"other": {"wait": {"minutes": 5}}})
    asked_for = AskedRetry(UUID(row["id"]), version="latest", key="once")
    first = await runner.executions.retry(runner.identity, asked_for)
    assert await refused(runner, row["id"]) == (409, "RETRY_NOT_ENDED")
    repeated = await runner.executions.retry(runner.identity, asked_for)
    assert repeated.execution_id == first.execution_id
    assert await refused(runner, row["id"], key="once") == (409, "IDEMPOTENCY_KEY_REUSED")
    await runner.executions.cancel(runner.identity, first.execution_id)
    await runner.ended(first.execution_id)
    assert (await retry(runner, row["id"]))["status"] == "failed"
