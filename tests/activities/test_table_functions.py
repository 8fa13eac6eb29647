"""Table functions on a real database: exactly once, as the owner, and taken back."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.records import SqlFunctionActivities
from tests.activities.support import Rows
from workflows.contracts.execution import FunctionCallInput, UndoEffectInput
from zilliance.database import Database


@dataclass
class Caller:
    """Calls functions as one account's execution."""

    activities: SqlFunctionActivities
    owner: UUID
    execution: UUID

    async def call(self, name: str, key: str | None = None, **arguments: object) -> Any:
        call = FunctionCallInput(
            execution_id=self.execution,
            owner_id=self.owner,
            key=key or str(uuid4()),
            name=name,
            arguments=json.dumps(arguments),
        )
        return json.loads(await self.activities.call(call))

    async def undo(self, key: str) -> None:
        await self.activities.undo(UndoEffectInput(execution_id=self.execution, owner_id=self.owner, key=key))

    async def fails(self, name: str, key: str | None = None, **arguments: Any) -> dict[str, object]:
        with pytest.raises(ApplicationError) as caught:
            await self.call(name, key, **arguments)
        assert caught.value.non_retryable
        return caught.value.details[0]


@pytest.fixture
async def caller(rows: Rows, worker_database: Database) -> Caller:
    owner = await rows.account()
    definition = await rows.definition(owner, {"do": []})
    execution = await rows.execution(owner, definition)
    return Caller(SqlFunctionActivities(worker_database), owner, execution)


@pytest.fixture
async def stranger(rows: Rows, worker_database: Database) -> Caller:
    owner = await rows.account()
    definition = await rows.definition(owner, {"do": []})
    execution = await rows.execution(owner, definition)
    return Caller(SqlFunctionActivities(worker_database), owner, execution)


async def contact(caller: Caller, key: str = "c", **values: object) -> dict[str, object]:
    return await caller.call(
        "create-row", key, table="contacts", values={"type": "individual", "first_name": "Ada", **values}
    )


async def test_a_created_row_belongs_to_the_owner_and_is_returned(caller: Caller, rows: Rows) -> None:
    row = await contact(caller, tags=["a", "b"], address={"city": "Rome"})
    stored = await rows.one("contacts", str(row["id"]))
    assert stored is not None
    assert stored["user_id"] == str(caller.owner)
    assert row["tags"] == ["a", "b"]
    assert row["address"] == {"city": "Rome"}


async def test_a_repeat_is_told_the_first_answer(caller: Caller, rows: Rows) -> None:
    first, second = await asyncio.gather(contact(caller, "same"), contact(caller, "same"))
    assert first == second == await contact(caller, "same", first_name="Other")
    assert await rows.count("contacts", caller.owner) == 1


async def test_undo_deletes_what_was_created_and_only_once(caller: Caller, rows: Rows) -> None:
    row = await contact(caller)
    await caller.undo("c")
    await caller.undo("c")
    assert await rows.one("contacts", str(row["id"])) is None


async def test_a_table_that_the_owner_added_later_is_changed_and_undone_like_ours(caller: Caller, rows: Rows) -> None:
    table = f"notes_{uuid4().hex}"
    await rows.connection.execute(
        f"CREATE TABLE {table} (id uuid PRIMARY KEY DEFAULT uuidv7(), user_id uuid DEFAULT auth.uid(), body text,"
        f" updated_at timestamptz DEFAULT now()); ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f" CREATE POLICY own ON {table} TO authenticated USING (user_id = (SELECT auth.uid()));"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO authenticated"
    )
    try:
        row = await caller.call("create-row", "n1", table=table, values={"body": "first"})
        await caller.call("update-row", "n2", table=table, id=row["id"], values={"body": "second"})
        await caller.undo("n2")
        assert (await rows.one(table, row["id"]) or {})["body"] == "first"
        await caller.undo("n1")
        assert await rows.one(table, row["id"]) is None
    finally:
        await rows.connection.execute(f"DROP TABLE {table}")


async def test_undo_restores_columns_through_two_updates(caller: Caller, rows: Rows) -> None:
    row = await contact(caller, custom_fields={"n": 1})
    for key, name in (("u1", "Bea"), ("u2", "Cleo")):
        await caller.call(
            "update-row", key, table="contacts", id=row["id"], values={"first_name": name, "custom_fields": None or {}}
        )
    await caller.undo("u2")
    await caller.undo("u1")
    stored = await rows.one("contacts", str(row["id"]))
    assert stored is not None
    assert (stored["first_name"], stored["custom_fields"]) == ("Ada", {"n": 1})
    await caller.undo("c")
    assert await rows.one("contacts", str(row["id"])) is None


async def test_undo_brings_a_deleted_row_back_with_the_references_to_it(caller: Caller, rows: Rows) -> None:
    row = await contact(caller)
    deal = await caller.call(
        "create-row", "d", table="deals", values={"title": "Deal", "contact_id": row["id"], "amount": 12.5}
    )
    before = await rows.one("contacts", str(row["id"]))
    await caller.call("delete-row", "x", table="contacts", id=row["id"])
    orphan = await rows.one("deals", str(deal["id"]))
    assert orphan is not None
    assert orphan["contact_id"] is None
    await caller.undo("x")
    assert await rows.one("contacts", str(row["id"])) == before
    restored = await rows.one("deals", str(deal["id"]))
    assert restored is not None
    assert restored["contact_id"] == row["id"]
    await caller.undo("d")
    await caller.undo("c")
    assert await rows.count("contacts", caller.owner) == await rows.count("deals", caller.owner) == 0


async def test_undo_brings_back_what_the_owner_may_not_read(caller: Caller, rows: Rows) -> None:
    key = await caller.call("create-row", "k", table="api_keys", values={"name": "Key"})
    assert "key_hash" not in key
    await rows.connection.execute(
        "UPDATE api_keys SET prefix = 'zk_1', key_hash = sha256('abc') WHERE id = $1::uuid", UUID(str(key["id"]))
    )
    before = await rows.one("api_keys", str(key["id"]))
    await caller.call("delete-row", "x", table="api_keys", id=key["id"])
    await caller.undo("x")
    assert await rows.one("api_keys", str(key["id"])) == before


ENDPOINT = {"name": "Orders", "path": "/orders", "target_url": "https://shop.example.com"}


async def test_no_function_writes_the_headers_of_an_endpoint(caller: Caller, rows: Rows) -> None:
    plain = {**ENDPOINT, "headers": {"Authorization": "Bearer abc"}}
    refused = await caller.fails("create-row", table="api_endpoints", values=plain)
    assert (refused["status"], "Authorization is not sealed" in str(refused["detail"])) == (400, True)
    assert "abc" not in str(refused)
    assert await rows.count("api_endpoints", caller.owner) == 0
    made = await caller.call("create-row", table="api_endpoints", values=ENDPOINT)
    await rows.connection.execute(
        'UPDATE api_endpoints SET headers = \'{"X-A": "••••"}\', sealed_headers = \'{"X-A": "k.c2VhbGVk"}\''
        " WHERE id = $1",
        UUID(str(made["id"])),
    )
    refused = await caller.fails("update-row", table="api_endpoints", id=made["id"], values={"headers": {}})
    assert (refused["status"], "PATCH /rest/v1/api_endpoints" in str(refused["detail"])) == (400, True)
    await caller.call("update-row", "u", table="api_endpoints", id=made["id"], values={"name": "Other"})
    before = await rows.one("api_endpoints", str(made["id"]))
    await caller.call("delete-row", "x", table="api_endpoints", id=made["id"])
    await caller.undo("x")
    assert await rows.one("api_endpoints", str(made["id"])) == before
    assert (before or {})["sealed_headers"] == {"X-A": "k.c2VhbGVk"}


async def test_undo_leaves_a_row_that_somebody_else_changed(caller: Caller, rows: Rows) -> None:
    row = await contact(caller)
    await rows.connection.execute("UPDATE contacts SET first_name = 'Zoe' WHERE id = $1", UUID(str(row["id"])))
    with pytest.raises(ApplicationError) as caught:
        await caller.undo("c")
    assert caught.value.details[0]["status"] == 409
    stored = await rows.one("contacts", str(row["id"]))
    assert stored is not None
    assert stored["first_name"] == "Zoe"


async def test_an_effect_that_was_undone_first_cannot_land(caller: Caller, rows: Rows) -> None:
    await caller.undo("c")
    problem = await caller.fails("create-row", "c", table="contacts", values={"type": "individual"})
    assert problem["status"] == 410
    assert await rows.count("contacts", caller.owner) == 0


async def test_others_rows_are_missing_rows(caller: Caller, stranger: Caller, rows: Rows) -> None:
    row = await contact(caller)
    identity = row["id"]
    attempts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("get-row", {}),
        ("update-row", {"values": {"first_name": "Eve"}}),
        ("delete-row", {}),
    )
    for name, arguments in attempts:
        problem = await stranger.fails(name, table="contacts", id=identity, **arguments)
        missing = await stranger.fails(name, table="contacts", id=str(uuid4()), **arguments)
        assert problem["status"] == missing["status"] == 404
    assert await stranger.call("query-rows", table="contacts") == []
    stored = await rows.one("contacts", str(identity))
    assert stored is not None
    assert stored["first_name"] == "Ada"


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "status", "says"),
    [
        ("create-row", {"table": "contacts", "values": {"nope": 1}}, "validation", 400, 'no column "nope"'),
        ("create-row", {"table": "pg_class", "values": {}}, "validation", 400, "pg_class"),
        ("create-row", {"table": "contacts", "values": {"type": "robot"}}, "validation", 400, "type"),
        ("create-row", {"table": "deals", "values": {"title": "x", "amount": "much"}}, "validation", 400, "much"),
        ("create-row", {"table": "contacts", "values": {"id": str(uuid4())}}, "authorization", 403, "denied"),
        ("create-row", {"table": "tutorials", "values": {"title": "x", "views": 9}}, "authorization", 403, "denied"),
        ("create-row", {"table": "workflow_executions", "values": {}}, "authorization", 403, "denied"),
        (
            "create-row",
            {"table": "deals", "values": {"title": "x", "contact_id": str(uuid4())}},
            "runtime",
            409,
            "contact",
        ),
        ("create-row", {"table": "contacts"}, "validation", 400, "values"),
        ("update-row", {"table": "contacts", "id": "x", "values": {"first_name": "a"}}, "validation", 400, "id"),
        ("query-rows", {"table": "contacts", "filter": {"nope": 1}}, "validation", 400, 'no column "nope"'),
        ("query-rows", {"table": "contacts", "filter": {"type": {"or 1=1": 1}}}, "validation", 400, "or 1=1"),
        ("query-rows", {"table": "contacts", "order": "nope.desc"}, "validation", 400, 'no column "nope"'),
        ("query-rows", {"table": "api_keys", "filter": {"key_hash": "a"}}, "validation", 400, "key_hash"),
        ("query-rows", {"table": "contacts", "limit": 1001}, "validation", 400, "limit"),
        ("query-rows", {"table": "contacts", "filter": {"created_at": "soon"}}, "validation", 400, "soon"),
        ("drop-table", {"table": "contacts"}, "validation", 400, "drop-table"),
    ],
)
async def test_refusals_say_why(  # noqa: PLR0917
    caller: Caller, name: str, arguments: dict[str, Any], kind: str, status: int, says: str
) -> None:
    problem = await caller.fails(name, **arguments)
    assert str(problem["type"]).endswith(f"/{kind}")
    assert problem["status"] == status
    assert says in str(problem["detail"])


async def test_nothing_is_left_of_a_refused_call(caller: Caller) -> None:
    await caller.fails("create-row", "c", table="contacts", values={"type": "robot"})
    assert (await contact(caller, "c"))["first_name"] == "Ada"


async def test_an_expected_version_is_checked(caller: Caller) -> None:
    row = await contact(caller)
    changed = await caller.call(
        "update-row", table="contacts", id=row["id"], values={"first_name": "Bea"}, expectVersion=row["updated_at"]
    )
    assert changed["first_name"] == "Bea"
    attempts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("update-row", {"values": {"first_name": "C"}}),
        ("delete-row", {}),
    )
    for name, values in attempts:
        problem = await caller.fails(name, table="contacts", id=row["id"], expectVersion=row["updated_at"], **values)
        assert problem["status"] == 409


async def test_rows_are_found_by_filters_in_order(caller: Caller) -> None:
    for index, (name, city) in enumerate((("Ada", "x"), ("Bea", "y"), ("Cleo", "y"))):
        await contact(caller, f"c{index}", first_name=name, last_name=city, tags=[name])
    found = await caller.call(
        "query-rows", table="contacts", filter={"last_name": "y"}, select="first_name", order="first_name.desc"
    )
    assert found == [{"first_name": "Cleo"}, {"first_name": "Bea"}]
    found = await caller.call(
        "query-rows",
        table="contacts",
        filter={"first_name": ["Ada", "Bea"], "email": None},
        select=["first_name"],
        limit=1,
    )
    assert found == [{"first_name": "Ada"}]
    found = await caller.call(
        "query-rows",
        table="contacts",
        filter={"first_name": {"gt": "Ada", "like": "%e%"}},
        order=["last_name", "first_name"],
    )
    assert [row["first_name"] for row in found] == ["Bea", "Cleo"]


async def test_text_that_no_column_can_hold_is_replaced(caller: Caller) -> None:
    row = await contact(caller, first_name="a\0b\ud800")
    assert row["first_name"] == "a\ufffdb\ufffd"


async def test_a_change_whose_answer_is_too_large_is_not_made(caller: Caller, rows: Rows) -> None:
    """The workflow would be told of a failure, and so would not undo it."""
    problem = await caller.fails("create-row", table="tutorials", values={"title": "t", "steps": ["x" * 4_300_000]})
    assert problem["status"] == 413
    assert await rows.count("tutorials", caller.owner) == 0


async def test_what_is_read_is_no_larger_than_a_task_may_give(caller: Caller) -> None:
    mine = {"title": str(uuid4())}
    for _ in range(5):
        await caller.call("create-row", table="tutorials", values={**mine, "content": "\u6f22" * 300_000})  # of 3 bytes
    assert (await caller.fails("query-rows", table="tutorials", filter=mine))["status"] == 413
    assert len(await caller.call("query-rows", table="tutorials", filter=mine, select="id,title")) == 5


async def test_a_refusal_quotes_no_more_than_the_beginning_of_a_value(caller: Caller) -> None:
    problem = await caller.fails("create-row", table="deals", values={"title": "t", "contact_id": "x" * 1_000_000})
    assert len(str(problem["detail"])) < 3000
