"""Definitions that events start: which events, how often, and that a chain of them ends."""

import json

import asyncpg
import pytest
from temporalio.client import Client

from api.executions.suspension import resume, suspend
from tests.activities.support import Rows
from tests.waiting import until
from tests.workflows.running import Row, Runner, create
from tests.workflows.streaming import event, interests, publish, runs, stream, until_routed
from tests.workflows.test_suspension import until_phase
from zilliance.settings import DatabaseSettings

KEEP: Row = {"keep": {"set": "${ . }"}}


def on(strategy: Row, **more: object) -> Row:
    return {"schedule": {"on": strategy, **more}}


def typed(kind: str, **correlate: object) -> Row:
    return {"with": {"type": kind}, **({"correlate": correlate} if correlate else {})}


async def test_an_event_starts_an_execution_with_the_array_of_it(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"one": typed("order.placed")}))
    sent = event("order.placed", 2, data={"id": 7})
    await publish(runner, event("other", 1), sent)
    (row,) = await runs(runner, definition, 1)
    assert (row["trigger"], row["trigger_data"], row["result_data"]) == ("event", [sent], [sent])


@pytest.mark.parametrize(("read", "expected"), [("data", {"id": 7}), ("raw", '{"id":7}')])
async def test_what_of_the_event_is_read_can_be_said(runner: Runner, read: str, expected: object) -> None:
    definition = await runner.define(KEEP, **on({"one": typed("a")}, read=read))
    await publish(runner, event("a", 1, data={"id": 7}))
    assert (await runs(runner, definition, 1))[0]["trigger_data"] == [expected]


async def test_an_event_that_is_published_twice_starts_once(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"any": [typed("a"), typed("b")]}))
    for _ in range(3):
        await publish(runner, event("a", 1), event("b", 2))
    assert len(await runs(runner, definition, 2)) == 2
    await publish(runner, event("c", 3))
    await until_routed(runner)
    assert len(await runs(runner, definition, 2)) == 2


async def test_all_waits_for_one_event_of_each(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"all": [typed("a"), typed("b")]}))
    for number, kind in enumerate(["a", "a", "b"]):
        await publish(runner, event(kind, number))
        await until_routed(runner)
    (row,) = await runs(runner, definition, 1)
    assert [each["id"] for each in row["trigger_data"]] == ["0", "2"]
    assert await runner.rows.count("private.event_consumptions", runner.owner) == 0


async def test_events_with_a_correlation_are_collected_by_its_value(runner: Runner) -> None:
    key = {"order": {"from": ".data.order"}}
    definition = await runner.define(KEEP, **on({"all": [typed("paid", **key), typed("sent", **key)]}, read="data"))
    for number, (kind, order) in enumerate([("paid", 1), ("paid", 2), ("sent", 2), ("sent", 3), ("sent", 1)]):
        await publish(runner, event(kind, number, data={"order": order, "kind": kind}))
        await until_routed(runner)
    rows = await runs(runner, definition, 2)
    assert [[each["order"] for each in row["trigger_data"]] for row in rows] == [[2, 2], [1, 1]]
    assert await runner.rows.count("private.event_consumptions", runner.owner) == 1


async def test_what_an_account_has_no_room_for_is_recorded_and_can_be_replayed(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"one": typed("a")}))
    starts = [{"workflow_id": str(definition), "version": 1, "data": [number], "hops": 1} for number in (1, 2)]
    begun = await runner.rows.connection.fetchval(
        "SELECT private.begin_triggered($1, $2::jsonb, 1, 1000)", runner.owner, json.dumps(starts)
    )
    assert begun == 1
    ran, skipped = await runner.rows.connection.fetch(
        "SELECT * FROM workflow_executions WHERE workflow_id = $1 ORDER BY id",
        definition,
    )
    assert (ran["status"] != "cancelled", json.loads(ran["trigger_data"])) == (True, [1])
    assert (skipped["status"], skipped["trigger"], json.loads(skipped["trigger_data"])) == ("cancelled", "event", [2])
    assert skipped["error_message"].startswith("Skipped: this account has as many open executions as it may")


@pytest.mark.parametrize("on_limit", ["skip", "reject"])
async def test_what_a_definition_has_no_room_for_is_recorded_likewise(runner: Runner, on_limit: str) -> None:
    header = {"dsl": "1.0.3", "namespace": "default", "name": "bounded", "version": "0.1.0"}
    limit = {"metadata": {"concurrency": {"limit": 1, "onLimit": on_limit}}}
    rest: Row = {"rest": {"wait": {"minutes": 5}}}
    definition = await runner.define(rest, **on({"one": typed("a")}), document={**header, **limit})
    running = (await runner.execute(definition, wait=False)).execution_id
    sent = event("a", 1)
    await publish(runner, sent)
    await until_routed(runner)
    (skipped,) = await runs(runner, definition, 0)
    assert (skipped["status"], skipped["trigger"], skipped["trigger_data"]) == ("cancelled", "event", [sent])
    assert skipped["error_message"].startswith("Skipped: as many executions of this workflow are under way")
    await runner.executions.cancel(runner.identity, running)
    await runner.ended(running)


async def test_any_can_collect_until_it_is_enough(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"any": [typed("n")], "until": "(map(.) | add) >= 6"}, read="data"))
    await publish(runner, *(event("n", number, data=number) for number in (1, 2, 3, 4)))
    (row,) = await runs(runner, definition, 1)
    assert row["trigger_data"] == [1, 2, 3]


async def test_a_definition_listens_while_it_is_switched_on(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"one": typed("a")}))
    rows = runner.rows.connection
    assert await interests(runner) == 1
    await rows.execute("UPDATE workflows SET is_active = false WHERE id = $1", definition)
    assert await interests(runner) == 0
    await publish(runner, event("a", 1))
    await rows.execute("UPDATE workflows SET is_active = true WHERE id = $1", definition)
    other = json.dumps({"do": [KEEP], **on({"any": [typed("b"), typed("c")]})})
    await rows.execute("UPDATE workflows SET config = $2::jsonb WHERE id = $1", definition, other)
    assert await interests(runner) == 2
    await publish(runner, event("a", 2), event("b", 3))
    (row,) = await runs(runner, definition, 1)
    assert row["trigger_data"][0]["id"] == "3"
    await rows.execute("DELETE FROM workflows WHERE id = $1", definition)
    assert await interests(runner) == 0


PAIR: Row = {"all": [typed("a"), typed("b")]}


@pytest.mark.parametrize(
    ("before", "after", "then", "begun"),
    [
        (on({"one": typed("a")}), on({"one": typed("b")}), [], []),
        (on({"one": typed("a")}), on({"one": typed("a")}, read="data"), [], [[7]]),
        (on(PAIR), on(PAIR, read="data"), [event("b", 2, data=8)], [[7, 8]]),
    ],
)
async def test_a_definition_that_is_changed_while_its_event_is_decided_is_asked_anew(
    runner: Runner, database_settings: DatabaseSettings, before: Row, after: Row, *, then: list[Row], begun: list[Row]
) -> None:
    definition = await runner.define(KEEP, **before)
    author = await asyncpg.connect(database_settings.admin_dsn())
    waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE $1 = ANY (pg_blocking_pids(a.pid)))"

    async def router_waits() -> bool:
        return await runner.rows.connection.fetchval(waiting, author.get_server_pid())

    async with author.transaction():
        config = json.dumps({"do": [KEEP], **after})
        await author.execute("UPDATE workflows SET config = $2::jsonb WHERE id = $1", definition, config)
        await publish(runner, event("a", 1, data=7))
        await until(router_waits)
    await author.close()
    await publish(runner, *then)
    await until_routed(runner)
    assert await runner.rows.count("workflow_executions", runner.owner) == len(begun)
    rows = await runs(runner, definition, len(begun))
    assert [(row["version"], row["trigger_data"]) for row in rows] == [(2, data) for data in begun]


async def test_another_accounts_events_start_nothing(runner: Runner, rows: Rows, client: Client) -> None:
    stranger = await Runner.sign_up(rows, runner.executions.database, client)
    theirs = await stranger.define(KEEP, **on({"one": typed("a")}))
    mine = await runner.define(KEEP, **on({"one": typed("a")}))
    await publish(runner, event("a", 1))
    assert len(await runs(runner, mine, 1)) == 1
    assert await runs(stranger, theirs, 0) == []


@pytest.mark.parametrize(
    "schedule",
    [7, {"on": 7}, {"on": {"one": 7}}, {"on": {"any": [7]}}, {"on": {"all": []}}, {"on": {"any": [], "until": 3}}],
)
async def test_a_schedule_that_is_none_stands_in_nobodys_way(runner: Runner, schedule: object) -> None:
    await runner.rows.definition(runner.owner, {"do": [KEEP], "schedule": schedule})
    definition = await runner.define(KEEP, **on({"one": typed("a")}))
    await publish(runner, event("a", 1))
    assert len(await runs(runner, definition, 1)) == 1


def change(function: str, **more: object) -> Row:
    return {"call": function, "with": {"table": "deals", "id": "${ .id }", **more}}


async def test_a_change_of_a_row_is_an_event(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"one": {"with": {"type": "deal\\..*"}}}))
    await runner.run(
        {"make": {"call": "create-row", "with": {"table": "deals", "values": {"title": "Big"}}}},
        {"move": change("update-row", values={"stage": "qualified"})},
        {"drop": change("delete-row")},
    )
    rows = await runs(runner, definition, 4)
    events = [row["trigger_data"][0] for row in rows]
    assert sorted(each["type"] for each in events) == [
        "deal.created", "deal.deleted", "deal.stage_changed", "deal.updated",
    ]  # fmt: skip
    found = {each["type"]: each for each in events}
    created, moved = found["deal.created"], found["deal.stage_changed"]
    assert (created["source"], created["subject"]) == ("/rest/v1/deals", created["data"]["record"]["id"])
    assert created["data"]["record"]["title"] == "Big"
    assert moved["data"]["record"]["stage"] == "qualified"
    assert moved["data"]["old_record"].items() >= {"stage": "lead"}.items()
    assert "title" not in moved["data"]["old_record"]
    assert found["deal.deleted"]["data"]["old_record"]["title"] == "Big"


async def test_rows_of_others_and_rows_that_nobody_asks_for_make_no_events(
    runner: Runner, rows: Rows, client: Client
) -> None:
    stranger = await Runner.sign_up(rows, runner.executions.database, client)
    await runner.define(KEEP, **on({"one": typed("contact.created")}))
    await stranger.run(create("make", "Ada"))
    assert await stream(stranger) == []
    await runner.run({"make": {"call": "create-row", "with": {"table": "deals", "values": {"title": "Big"}}}})
    assert await stream(runner) == []


async def test_a_trigger_that_changes_its_own_table_ends_after_eight_executions(
    runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    definition = await runner.define(create("again", "Ada"), **on({"one": typed("contact.created")}))
    await runner.run(create("first", "Ada"))
    assert len(await runs(runner, definition, 8)) == 8
    await until_routed(runner)
    assert await runner.rows.count("contacts", runner.owner) == 9
    assert len(await runs(runner, definition, 8)) == 8
    assert "executions began each other" in caplog.text


async def test_a_chain_through_workflows_that_workflows_run_ends_likewise(runner: Runner) -> None:
    header = {"dsl": "1.0.3", "namespace": "default", "version": "1.0.0"}
    await runner.define(create("again", "Ada"), document={**header, "name": "adds-a-contact"})
    run: Row = {"again": {"run": {"workflow": {"namespace": "default", "name": "adds-a-contact", "version": "latest"}}}}
    definition = await runner.define(run, **on({"one": typed("contact.created")}))
    await runner.run(create("first", "Ada"))
    assert len(await runs(runner, definition, 8)) == 8
    await until_routed(runner)
    assert await runner.rows.count("contacts", runner.owner) == 9


async def test_events_that_executions_emit_to_each_other_end_likewise(runner: Runner) -> None:
    again: Row = {"again": {"emit": {"event": {"with": {"type": "ping"}}}}}
    definition = await runner.define(again, **on({"one": typed("ping")}))
    await publish(runner, event("ping", 1))
    assert len(await runs(runner, definition, 9)) == 9
    await until_routed(runner)
    assert len(await runs(runner, definition, 9)) == 9


async def test_the_life_of_an_execution_is_told_to_who_asks_for_it(runner: Runner) -> None:
    prefix = "io.serverlessworkflow."
    about_watched = '${ .name // .workflow | startswith("watched") }'
    strategy = {"one": {"with": {"type": "io.serverlessworkflow.(workflow|task).*", "data": about_watched}}}
    definition = await runner.define(KEEP, **on(strategy))
    watched = await runner.run(
        {"one": {"set": {"a": 1}}},
        {"safe": {"try": [{"no": {"raise": {"error": {"type": "https://example.com/no", "status": 400}}}}],
                  "catch": {"retry": {"limit": {"attempt": {"count": 1}}}, "do": [{"fine": {"set": {"b": 2}}}]}}},
        document={"dsl": "1.0.3", "namespace": "shop", "name": "watched", "version": "1.0.0"},
    )  # fmt: skip
    await until_routed(runner)
    events = [each for each in await stream(runner) if each["source"].endswith(watched["id"])]
    kinds = [each["type"].removeprefix(prefix) for each in events]
    assert (kinds[0], kinds[-1]) == ("workflow.started.v1", "workflow.completed.v1")
    assert events[0]["data"]["name"] == f"watched-{watched['id']}.shop"
    assert events[0]["data"]["definition"] == {"namespace": "shop", "name": "watched", "version": "1.0.0"}
    assert events[-1]["data"]["output"] == {"b": 2}
    assert events[-1]["data"]["outputUri"] == f"/workflows/v1/executions/{watched['id']}"
    of_task = [(each["data"]["task"], each["type"].split(".")[-2]) for each in events[1:-1]]
    assert of_task[:3] == [("/do/0/one", "created"), ("/do/0/one", "started"), ("/do/0/one", "completed")]
    assert of_task.count(("/do/1/safe/try/0/no", "faulted")) == 2
    assert of_task.count(("/do/1/safe", "retried")) == 1
    assert len(await runs(runner, definition, len(events))) >= len(events)


async def test_who_takes_everything_does_not_hear_of_executions(runner: Runner) -> None:
    definition = await runner.define(KEEP, **on({"any": []}))
    await publish(runner, event("a", 1))
    assert len(await runs(runner, definition, 1)) == 1
    await until_routed(runner)
    assert [each["type"] for each in await stream(runner)] == ["a"]


async def test_a_suspension_and_its_end_are_told(runner: Runner) -> None:
    await runner.define(KEEP, **on({"one": {"with": {"type": "io.serverlessworkflow.workflow.(suspended|resumed).*"}}}))
    execution = await runner.start({"rest": {"wait": {"minutes": 5}}})
    await until_phase(runner, execution, "waiting")
    await suspend(runner.executions, runner.identity, execution)
    await until_phase(runner, execution, "suspended")
    await resume(runner.executions, runner.identity, execution)
    await until_phase(runner, execution, "waiting")
    told = [each for each in await stream(runner) if each["source"].endswith(str(execution))]
    # Those that a pattern may match are in the stream, too; which of them it takes, the router finds.
    assert [each["type"].split(".")[-2] for each in told] == ["started", "suspended", "resumed"]
    assert "suspendedAt" in told[1]["data"]
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)
