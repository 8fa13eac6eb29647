"""The log of changes: what it holds, that nothing of a secret is in it, and that those who tail it miss nothing."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from models.queries import accounts
from models.registry import TABLES
from tests.activities.support import Rows
from tests.waiting import until
from zilliance.settings import DatabaseSettings


async def log_of(rows: Rows, owner: UUID) -> list[dict[str, Any]]:
    found = await rows.connection.fetch(
        "SELECT to_jsonb(c)::text AS change FROM private.change_log AS c WHERE user_id = $1 ORDER BY xid, cursor", owner
    )
    return [json.loads(row["change"]) for row in found]


async def contact(rows: Rows, owner: UUID, name: str = "Ada") -> UUID:
    return await rows.connection.fetchval(
        "INSERT INTO contacts (user_id, type, first_name) VALUES ($1, 'individual', $2) RETURNING id", owner, name
    )


async def test_each_change_is_logged_with_the_row_and_what_it_was_before(rows: Rows) -> None:
    owner = await rows.account()
    made = await contact(rows, owner)
    await rows.connection.execute("UPDATE contacts SET first_name = 'Grace' WHERE id = $1", made)
    await rows.connection.execute("UPDATE contacts SET first_name = 'Grace' WHERE id = $1", made)
    await rows.connection.execute("DELETE FROM contacts WHERE id = $1", made)
    inserted, updated, deleted = [each for each in await log_of(rows, owner) if each["table_name"] == "contacts"]
    assert {each["row_id"] for each in (inserted, updated, deleted)} == {str(made)}
    assert (inserted["operation"], inserted["record"]["first_name"], inserted["old_record"]) == ("insert", "Ada", None)
    assert (updated["operation"], updated["record"]["first_name"]) == ("update", "Grace")
    assert updated["old_record"].keys() == {"first_name", "updated_at"}
    assert (deleted["operation"], deleted["record"], deleted["old_record"]["first_name"]) == ("delete", None, "Grace")


async def test_what_is_rolled_back_was_no_change(rows: Rows) -> None:
    owner = await rows.account()
    transaction = rows.connection.transaction()
    await transaction.start()
    await contact(rows, owner)
    await transaction.rollback()
    assert [each for each in await log_of(rows, owner) if each["table_name"] == "contacts"] == []


async def test_secrets_and_large_columns_are_left_out(rows: Rows) -> None:
    owner = await rows.account()
    await rows.connection.execute(
        "INSERT INTO api_endpoints (user_id, name, path, method, target_url, headers, sealed_headers) VALUES"
        " ($1, 'a', '/a', 'GET', 'https://example.com', '{\"a\": \"••••cret\"}', '{\"a\": \"secret\"}')",
        owner,
    )
    await rows.connection.execute(
        'UPDATE api_endpoints SET sealed_headers = \'{"a": "other"}\' WHERE user_id = $1', owner
    )
    definition = await rows.definition(owner, {"do": [], "note": "large"})
    await rows.execution(owner, definition, {"input": "private"})
    changes = await log_of(rows, owner)
    text = json.dumps(changes)
    for word in ("secret", "cret", "other", "headers", "large", "private", "key_hash"):
        assert word not in text
    (run,) = [each for each in changes if each["table_name"] == "workflow_executions"]
    assert run["record"].keys() == {"id", "user_id", "workflow_id", "status", "phase"}


@pytest.mark.parametrize("table", [name for name in TABLES if name != "api_requests"])  # a log itself
async def test_every_table_is_logged_at_every_verb(table: str, rows: Rows) -> None:
    bits = await rows.connection.fetchval(
        "SELECT bit_or(tgtype) FROM pg_trigger WHERE tgrelid = $1::text::regclass AND tgname LIKE 'log\\_%'"
        " AND tgenabled = 'O'",
        f"public.{table}",
    )
    insert, delete, update = 4, 8, 16
    assert bits & (insert | delete | update) == insert | delete | update


async def test_who_tails_the_log_misses_nothing_that_commits_late(
    rows: Rows, database_settings: DatabaseSettings
) -> None:
    owner = await rows.account()
    position = (0, 0)
    seen: list[str] = []

    async def tail() -> None:
        nonlocal position
        while True:
            page = await rows.connection.fetch("SELECT * FROM private.changes_after($1, $2, 100)", *position)
            if not page:
                return
            seen.extend(
                json.loads(each["record"])["first_name"]
                for each in page
                if each["user_id"] == owner and each["table_name"] == "contacts"
            )
            position = (page[-1]["xid"], page[-1]["cursor"])

    slow = await asyncpg.connect(database_settings.admin_dsn())
    late = slow.transaction()
    await late.start()
    await contact(Rows(slow), owner, "first, and late")
    await contact(rows, owner, "second")
    await tail()
    assert seen == []
    await late.commit()
    await contact(rows, owner, "third")

    async def all_seen() -> bool:  # other tests' transactions may hold the horizon for a while
        await tail()
        return len(seen) == 3

    await until(all_seen)
    assert seen == ["first, and late", "second", "third"]
    await slow.close()


async def test_an_account_goes_with_all_its_rows_though_somebody_listens_to_them(rows: Rows) -> None:
    owner = await rows.account()
    await rows.definition(owner, {"do": [], "schedule": {"on": {"any": []}}})
    await contact(rows, owner)
    async with rows.connection.transaction():
        await accounts.delete(rows.connection, owner, soft=False)
    assert await rows.count("public.workflows", owner) == 0
    assert await rows.count("private.events", owner) == 0


async def test_a_large_record_is_left_out_of_its_event(rows: Rows) -> None:
    owner = await rows.account()
    await rows.definition(
        owner, {"do": [], "schedule": {"on": {"one": {"with": {"type": "contact.created"}}}}}, is_active=True
    )
    await rows.connection.execute(
        "INSERT INTO contacts (user_id, type, first_name, custom_fields)"
        " VALUES ($1, 'individual', 'Ada', jsonb_build_object('a', repeat('x', 300000)))",
        owner,
    )
    data = await rows.connection.fetchval("SELECT event->'data' FROM private.events WHERE user_id = $1", owner)
    assert json.loads(data) == {"record": None, "old_record": None}
