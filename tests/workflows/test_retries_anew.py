"""Retries of what depends on rows that were undone: it is done again with them, and what was kept is not repeated."""

import json
from typing import Any
from uuid import UUID, uuid4

from api.executions.retries import AskedRetry
from tests.unit.http_stand_in import StandIn, message
from tests.workflows.retrying import OUTSIDE, asked, change, contact, find, get, retry, reused
from tests.workflows.running import Row, Runner, create, fail, statuses, update
from tests.workflows.streaming import event, listen, publish, until_listening

LOOK: Row = {"look": {"call": "get-row", "with": {"table": "contacts", "id": "${ .id }"}}}
SEARCH: Row = {"call": "query-rows", "with": {"table": "contacts", "filter": {"id": "${ .id }"}}}


def post(name: str, path: str, **more: Any) -> Row:
    return {name: {"call": "http", "with": {"method": "POST", "endpoint": f"{OUTSIDE}{path}", "body": 1}, **more}}


def publish_function(outside: StandIn, name: str, *tasks: Row) -> None:
    function = json.dumps({"do": tasks}).encode()
    outside.answers[f"/functions/{name}/1.0.0/function.yaml"] = message(
        function, "200 OK", "Content-Type: application/json"
    )


async def mended(runner: Runner, row: Row) -> Row:
    """The retry, with the contact that was missing."""
    await contact(runner, "Bea", UUID(row["trigger_data"]["id"]))
    return await retry(runner, row["id"])


async def fails_once(runner: Runner, *tasks: Row, **parts: object) -> Row:
    """A run of these tasks that fails behind them, for a passing reason."""
    row = await runner.run(*tasks, find("passing"), data={"id": str(uuid4())}, **parts)
    assert (row["status"], row["error"]["instance"]) == ("failed", f"/do/{len(tasks)}/passing")
    return row


async def test_a_row_that_was_made_again_is_read_again(runner: Runner) -> None:
    tasks = (
        create("make", "Ada"),
        LOOK,
        {"search": {**SEARCH, "output": {"as": "${ .[0] }"}}},
        {"line": {"call": "log", "with": {"message": "found"}}},
        update("change", "${ .id }", last_name="L"),
    )
    again = await mended(runner, await fails_once(runner, *tasks))
    assert (again["status"], again["error"]) == ("completed", None)
    assert reused(again) == {
        "make": False, "look": False, "search": False, "line": True, "change": False, "passing": False,
    }  # fmt: skip


async def test_what_reads_outside_is_asked_again_and_what_was_paid_for_is_not(runner: Runner, outside: StandIn) -> None:
    tasks = (create("make", "Ada"), get("read", "/anew-read"), post("pay", "/anew-pay"))
    again = await mended(runner, await fails_once(runner, *tasks))
    assert again["status"] == "completed"
    assert reused(again) == {"make": False, "read": False, "pay": True, "passing": False}
    assert (asked(outside, "/anew-read"), asked(outside, "/anew-pay")) == (2, 1)


async def test_what_was_read_is_taken_over_while_all_before_it_is(runner: Runner, outside: StandIn) -> None:
    person = await contact(runner, "Ada")
    look = {"look": {"call": "get-row", "with": {"table": "contacts", "id": str(person)}}}
    again = await mended(runner, await fails_once(runner, look, get("read", "/kept-read")))
    assert reused(again) == {"look": True, "read": True, "passing": False}
    assert asked(outside, "/kept-read") == 1


async def test_a_function_of_a_catalogue_is_walked_again(runner: Runner, outside: StandIn) -> None:
    publish_function(outside, "save", create("row", "Ada"), post("pay", "/anew-fee"))
    use = {"catalogs": {"shop": {"endpoint": OUTSIDE}}}
    again = await mended(runner, await fails_once(runner, {"f": {"call": "save:1.0.0@shop"}}, use=use))
    assert again["status"] == "completed"
    assert reused(again) == {"f": False, "save:1.0.0@shop": False, "row": False, "pay": True, "passing": False}
    assert await runner.rows.count("contacts", runner.owner) == 2  # Bea, and Ada anew
    assert asked(outside, "/anew-fee") == 1


async def test_what_a_catalogue_s_function_kept_is_undone_by_the_retry(runner: Runner, outside: StandIn) -> None:
    publish_function(outside, "keep", create("row", "Ada"))
    keep = {"f": {"call": "keep:1.0.0@shop"}}
    use = {"catalogs": {"shop": {"endpoint": OUTSIDE}}}
    row = await runner.run(keep, {"end": {"set": {"a": 1}}}, use=use)
    await change(runner, row["workflow_id"], keep, fail(), use=use)
    again = await retry(runner, row["id"], "/do/1/end", version="latest")
    assert (reused(again)["row"], statuses(again)["row"]) == (True, "compensated")
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_rows_of_an_extension_s_lists_are_made_again_around_what_is_taken_over(
    runner: Runner, outside: StandIn
) -> None:
    around = {"extend": "call", "when": '${ $task.name == "pay" }'}
    lists = {"before": [create("begun", "Ada")], "after": [create("done", "Cleo")]}
    use = {"extensions": [{"noted": {**around, **lists}}]}
    again = await mended(runner, await fails_once(runner, post("pay", "/anew-extended"), use=use))
    assert again["status"] == "completed"
    assert reused(again) == {"pay": True, "begun": False, "done": False, "passing": False}
    assert await runner.rows.count("contacts", runner.owner) == 3
    assert asked(outside, "/anew-extended") == 1


async def test_who_listened_and_whose_rows_were_undone_listens_again(runner: Runner) -> None:
    missing = uuid4()
    hear = listen("hear", {"one": {"with": {"type": "paid"}}}, foreach={"do": [create("row", "Ada")]})
    definition = await runner.define(hear, find("passing"))
    first = (await runner.execute(definition, {"id": str(missing)}, wait=False)).execution_id
    await until_listening(runner, first)
    await publish(runner, event("paid", 1, data={"n": 1}))
    row = await runner.ended(first)
    assert statuses(row) == {"hear": "completed", "row": "compensated", "passing": "faulted"}
    await contact(runner, "Bea", missing)
    second = (await runner.executions.retry(runner.identity, AskedRetry(first))).execution_id
    await until_listening(runner, second)
    await publish(runner, event("paid", 2, data={"n": 2}))
    again = await runner.ended(second)
    assert reused(again) == {"hear": False, "row": False, "passing": False}
    assert await runner.rows.count("contacts", runner.owner) == 2


async def test_who_gets_another_url_tells_it_again(runner: Runner, outside: StandIn) -> None:
    waits = {"do": [post("tell", "/anew-told")], "timeout": "PT1S"}
    row = await runner.run({"paid": {"call": "wait-for-webhook", "with": waits}})
    assert statuses(row) == {"paid": "faulted", "tell": "completed"}
    again = await retry(runner, row["id"])
    assert reused(again) == {"paid": False, "tell": False}
    assert asked(outside, "/anew-told") == 2
