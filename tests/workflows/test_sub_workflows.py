"""Workflows that run workflows: found by name, as executions of their own, undone with their parent."""

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from temporalio.client import WorkflowFailureError

from tests.workflows.running import Runner, create, fail, statuses
from tests.workflows.streaming import HELD, release

Row = dict[str, Any]


async def define(runner: Runner, name: str, *tasks: Row, version: str = "1.0.0", **parts: Any) -> UUID:
    header = {"dsl": "1.0.3", "namespace": "default", "name": name, "version": version}
    return await runner.define(*tasks, document=header | parts.pop("document", {}), **parts)


def call(name: str, task: str = "sub", *, version: str = "latest", waits: bool = True, **more: Any) -> Row:
    workflow = {"namespace": "default", "name": name, "version": version, **more}
    return {task: {"run": {"workflow": workflow} | ({} if waits else {"await": False})}}


async def children(runner: Runner, execution: str) -> list[Row]:
    rows = await runner.rows.connection.fetch(
        "SELECT to_jsonb(e)::text AS row FROM workflow_executions e WHERE parent_execution_id = $1 ORDER BY id",
        UUID(execution),
    )
    return [json.loads(row["row"]) for row in rows]


async def test_the_output_of_a_sub_workflow_is_that_of_its_task(runner: Runner) -> None:
    await define(runner, "double", {"d": {"set": {"n": "${ .n * 2 }"}}})
    row = await runner.run(call("double", input={"n": "${ .n + 1 }"}), {"after": {"set": "${ .n }"}}, data={"n": 20})
    assert (row["status"], row["result_data"]) == ("completed", 42)
    [child] = await children(runner, row["id"])
    assert (child["status"], child["trigger"], child["trigger_data"]) == ("completed", "workflow", {"n": 21})
    assert child["result_data"] == {"n": 42}


async def test_without_an_input_it_gets_that_of_its_task(runner: Runner) -> None:
    await define(runner, "same", {"s": {"set": "${ . }"}})
    assert (await runner.run(call("same"), data={"n": 7}))["result_data"] == {"n": 7}


async def test_a_version_is_found_however_old_and_latest_is_the_newest(runner: Runner) -> None:
    definition = await define(runner, "tell", {"t": {"set": {"v": 1}}})
    new = {"do": [{"t": {"set": {"v": 2}}}]}
    header = {"dsl": "1.0.3", "namespace": "default", "name": "tell", "version": "2.0.0"}
    await runner.rows.connection.execute(
        "UPDATE workflows SET config = $2::jsonb WHERE id = $1", definition, json.dumps({"document": header, **new})
    )
    branches = [call("tell", f"v{n}", version=version) for n, version in enumerate(("1.0.0", "2.0.0", "latest"))]
    row = await runner.run({"all": {"fork": {"branches": branches}}})
    assert row["result_data"] == [{"v": 1}, {"v": 2}, {"v": 2}]


@pytest.mark.parametrize("wanted", [call("nothing"), call("there", version="9.9.9")])
async def test_one_that_is_not_there_is_a_fault_of_the_task(runner: Runner, wanted: Row) -> None:
    await define(runner, "there", {"t": {"set": {"v": 1}}})
    row = await runner.run(create("one", "Ada"), wanted)
    assert (row["status"], row["error"]["status"], row["error"]["instance"]) == ("failed", 404, "/do/1/sub")
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_another_owners_workflow_is_not_there(runner: Runner, people: object) -> None:
    del people
    other = Runner(await runner.rows.account(), runner.rows, runner.executions)
    await define(other, "secret", {"t": {"set": {"v": 1}}})
    assert (await runner.run(call("secret")))["error"]["status"] == 404


async def test_one_that_is_switched_off_is_a_fault(runner: Runner) -> None:
    definition = await define(runner, "off", {"t": {"set": {"v": 1}}})
    await runner.rows.connection.execute("UPDATE workflows SET is_active = false WHERE id = $1", definition)
    assert (await runner.run(call("off")))["error"]["status"] == 409


async def test_its_input_must_match_its_schema_before_it_begins(runner: Runner) -> None:
    schema = {"document": {"type": "object", "required": ["n"]}}
    await define(runner, "strict", {"t": {"set": {"v": 1}}}, input={"schema": schema})
    row = await runner.run(call("strict", input={"m": 1}))
    assert (row["error"]["status"], row["error"]["instance"]) == (400, "/do/0/sub")
    assert await children(runner, row["id"]) == []


async def test_its_fault_is_that_of_its_task_and_can_be_caught(runner: Runner) -> None:
    await define(runner, "bad", create("inner", "Bea"), fail())
    row = await runner.run(call("bad"))
    assert row["error"] == {
        "type": "https://example.com/errors/no", "status": 400, "title": "No", "instance": "/do/0/sub",
    }  # fmt: skip
    [child] = await children(runner, row["id"])
    assert (child["status"], child["error"]["instance"]) == ("failed", "/do/1/refuse")
    assert statuses(child)["inner"] == "compensated"
    careful = {"careful": {"try": [call("bad")], "catch": {"do": [{"tell": {"set": {"of": "${ $error.title }"}}}]}}}
    assert (await runner.run(careful))["result_data"] == {"of": "No"}
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_a_completed_one_is_undone_when_its_parent_fails_later(runner: Runner) -> None:
    noted = create("noted", '${ "undone because " + $error.title }', rollback="none")
    own = {"own": {"set": {"x": 1}, "metadata": {"compensate": [noted]}}}
    await define(runner, "inner", create("a", "Ada"), own, create("b", "Bea"))
    row = await runner.run(create("before", "Cleo"), call("inner"), create("after", "Dora"), fail())
    assert row["status"] == "failed"
    assert statuses(row) == {
        "before": "compensated", "sub": "compensated", "after": "compensated", "refuse": "faulted",
    }  # fmt: skip
    references = [step["reference"] for step in row["result_data"]["rollback"]["steps"]]
    assert references == ["/do/2/after", "/do/1/sub", "/do/0/before"]
    [child] = await children(runner, row["id"])
    assert child["status"] == "completed"
    assert statuses(child) == {"a": "compensated", "own": "compensated", "b": "compensated", "noted": "completed"}
    names = await runner.rows.connection.fetch("SELECT first_name FROM contacts WHERE user_id = $1", runner.owner)
    assert [each["first_name"] for each in names] == ["undone because No"]


async def test_rollback_reaches_down_through_every_level(runner: Runner) -> None:
    await define(runner, "lowest", create("l", "Ada"))
    await define(runner, "middle", create("m", "Bea"), call("lowest"))
    row = await runner.run(call("middle"), fail())
    assert row["result_data"]["rollback"]["status"] == "completed", row["result_data"]
    assert await runner.rows.count("contacts", runner.owner) == 0
    [middle] = await children(runner, row["id"])
    [lowest] = await children(runner, middle["id"])
    assert statuses(lowest) == {"l": "compensated"}


async def test_what_cannot_be_undone_in_it_is_told_in_its_parent(runner: Runner) -> None:
    await define(runner, "inner", create("a", "Ada"), create("b", "Bea"))
    execution = await runner.start(call("inner"), HELD, fail())
    await runner.until_contacts(2)
    await runner.rows.connection.execute(
        "UPDATE contacts SET last_name = 'theirs' WHERE user_id = $1 AND first_name = 'Bea'", runner.owner
    )
    await release(runner, execution)
    row = await runner.ended(execution)
    [step] = row["result_data"]["rollback"]["steps"]
    assert step["status"] == "compensation_failed"
    assert "/do/1/b" in step["error"]["detail"]
    assert await runner.rows.count("contacts", runner.owner) == 1


async def test_one_that_nobody_waits_for_goes_on_by_itself_and_is_not_undone(runner: Runner) -> None:
    await define(runner, "slow", HELD, create("a", "Ada"))
    row = await runner.run(call("slow", waits=False), {"after": {"set": "${ . }"}}, fail(), data={"n": 1})
    assert row["status"] == "failed"
    [child] = await children(runner, row["id"])
    assert child["status"] in ("pending", "running")
    await release(runner, UUID(child["id"]))
    assert (await runner.ended(UUID(child["id"])))["status"] == "completed"
    assert await runner.rows.count("contacts", runner.owner) == 1


async def test_cancelling_the_parent_cancels_it_and_both_roll_back(runner: Runner) -> None:
    await define(runner, "long", create("inner", "Ada"), {"rest": {"wait": {"minutes": 5}}})
    execution = await runner.start(create("outer", "Bea"), call("long"))
    await runner.until_contacts(2)
    await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert (row["status"], statuses(row)) == ("cancelled", {"outer": "compensated", "sub": "cancelled"})
    [child] = await children(runner, row["id"])
    assert (child["status"], statuses(child)) == ("cancelled", {"inner": "compensated", "rest": "cancelled"})
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_a_timeout_around_it_cancels_it(runner: Runner) -> None:
    await define(runner, "long", create("inner", "Ada"), {"rest": {"wait": {"minutes": 5}}})
    task = call("long")
    task["sub"]["timeout"] = {"after": {"seconds": 15}}  # long enough to begin it in
    row = await runner.run(task)
    assert (row["status"], row["error"]["status"]) == ("failed", 408)
    [child] = await children(runner, row["id"])
    assert child["status"] == "cancelled"
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_one_that_was_cancelled_by_itself_is_a_fault_of_its_parent(runner: Runner) -> None:
    await define(runner, "long", {"rest": {"wait": {"minutes": 5}}})
    execution = await runner.start(call("long"))
    found: list[Row] = []
    while not found or found[0]["status"] == "pending":
        await asyncio.sleep(0.05)
        found = await children(runner, str(execution))
    await runner.executions.cancel(runner.identity, UUID(found[0]["id"]))
    row = await runner.ended(execution)
    assert (row["status"], row["error"]["detail"]) == ("failed", "the sub-workflow was cancelled")


async def test_a_circle_is_refused_when_it_is_written(runner: Runner) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="would run itself"):
        await define(runner, "self", call("self"))
    await define(runner, "first", call("second"))
    await define(runner, "second", call("third"))
    with pytest.raises(asyncpg.CheckViolationError, match='through "default/first"'):
        await define(runner, "third", call("first"))


async def test_a_circle_is_found_in_a_thick_net_of_workflows_and_nowhere_else(runner: Runner) -> None:
    """Twelve layers of four, each of which runs all of the next: 4 ** 12 ways through 48 definitions."""
    below: list[Row] = [{"end": {"set": {"x": 1}}}]
    for layer in range(12):
        for place in range(4):
            await define(runner, f"layer{layer}-{place}", *below)
        below = [call(f"layer{layer}-{place}", f"run{place}") for place in range(4)]
    with pytest.raises(asyncpg.CheckViolationError, match='through "default/layer11-'):
        await define(runner, "layer0-0", *below)
    await define(runner, "top", *below)


async def test_a_circle_by_computed_names_ends_at_ten_levels(runner: Runner) -> None:
    await define(runner, "round", create("mark", "x"), call('${ "round" }'))
    row = await runner.run(call("round"))
    assert (row["status"], row["error"]["status"]) == ("failed", 400)
    assert "10 deep" in row["error"]["detail"]
    assert await runner.rows.count("contacts", runner.owner) == 0


@pytest.mark.parametrize("name", ["${ 7 }", '${ "no spaces" }', "${ null }"])
async def test_a_computed_name_must_be_a_name(runner: Runner, name: str) -> None:
    row = await runner.run(call(name))
    assert (row["status"], row["error"]["status"]) == ("failed", 400)


async def test_a_large_input_and_output_pass(runner: Runner) -> None:
    await define(runner, "echo", {"e": {"set": "${ . }"}})
    row = await runner.run(call("echo", input={"text": '${ "x" * 300000 }'}), {"size": {"set": "${ .text | length }"}})
    assert row["result_data"] == 300_000


async def test_temporal_shows_it_as_a_child(runner: Runner) -> None:
    await define(runner, "tiny", {"t": {"set": {"v": 1}}})
    row = await runner.run(call("tiny"))
    [child] = await children(runner, row["id"])
    description = await runner.handle(UUID(child["id"])).describe()
    assert description.parent_id == f"execute-workflow/{row['id']}"
    with pytest.raises(WorkflowFailureError):
        await runner.handle(UUID((await runner.run(call("missing")))["id"])).result()
