"""Keys are issued, shown once, replaced, and end at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.event_upkeep import SqlEventUpkeepActivities
from api.gateway.keys import digest_of
from tests.activities.support import Rows
from tests.api.gateway.owners import Owner
from zilliance.database import Database
from zilliance.settings import Login, Settings

BAD_ARGUMENTS = [
    ({"name": ""}, "23514"),
    ({"name": None}, "23502"),
    ({"name": "x" * 201}, "23514"),
    ({"rate_limit": 0}, "23514"),
    ({"daily_quota": 0}, "23514"),
    ({"monthly_quota": -1}, "23514"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "PT400"),
    ({"expires_at": "soon"}, "22007"),
    ({"permissions": {"read": True}}, "23514"),
    ({"permissions": ["reed"]}, "23514"),
]


async def test_a_key_is_shown_once_and_kept_as_a_digest(publisher: Owner, rows: Rows) -> None:
    key = await publisher.key(name="Mobile app", rate_limit=7, daily_quota=50, permissions=["read"])
    assert (key["name"], key["rate_limit"]) == ("Mobile app", 7)
    assert key["prefix"] == key["key"][:12]
    assert "key_hash" not in key
    stored = await rows.connection.fetchrow("SELECT * FROM public.api_keys WHERE id = $1::uuid", key["id"])
    assert stored is not None
    assert stored["key_hash"] == sha256(key["key"].encode()).digest() == digest_of(key["key"])
    assert key["key"] not in str(dict(stored))
    assert "key" not in await publisher.row_of(key)


async def test_no_two_keys_are_the_same(publisher: Owner) -> None:
    made = [(await publisher.key())["key"] for _ in range(20)]
    assert len({key[8:51] for key in made}) == 20


@pytest.mark.parametrize(("arguments", "code"), BAD_ARGUMENTS)
async def test_bad_arguments_are_refused_with_a_reason(publisher: Owner, arguments: dict[str, Any], code: str) -> None:
    answer = await publisher.rpc("create_api_key", {"name": "A key", **arguments})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["error"]
    assert answer.json()["details"] is None  # PostgreSQL's own shows the row, with the digest


async def test_visitors_issue_no_keys(publisher: Owner) -> None:
    answer = await publisher.api.send("POST", "rpc/create_api_key", publisher.api.anon, json={"name": "A key"})
    assert answer.status_code == 401


async def test_a_key_that_is_switched_off_ends_at_once_and_is_good_again_when_switched_on(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key()
    for is_active, outcome in ((True, "admitted"), (False, "bad_key"), (True, "admitted")):
        await publisher.change_key(key, is_active=is_active)
        assert (await publisher.ask(key, "/orders")).outcome == outcome


async def test_a_deleted_key_ends_at_once_with_what_was_counted(publisher: Owner, rows: Rows) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key(daily_quota=10)
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"
    await publisher.api.send("DELETE", f"api_keys?id=eq.{key['id']}", publisher.person.headers)
    assert (await publisher.ask(key, "/orders")).outcome == "bad_key"
    for table, column in (("gateway_windows", "id"), ("gateway_quotas", "key_id")):
        left = await rows.connection.fetchval(
            f"SELECT count(*) FROM private.{table} WHERE {column} = $1::uuid", key["id"]
        )
        assert left == 0, table


async def test_an_expired_key_is_no_good(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key(expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"
    await publisher.change_key(key, expires_at=datetime.now(UTC).isoformat())
    refused = await publisher.ask(key, "/orders")
    assert refused.outcome == "bad_key"
    assert (str(refused.key_id), refused.user_id) == (key["id"], publisher.person.id)  # for the owner's log


@pytest.mark.parametrize("change", ["deleted_at = now()", "banned_until = now() + interval '1 hour'"])
async def test_keys_of_an_account_that_is_shut_out_are_no_good(publisher: Owner, rows: Rows, change: str) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key()
    await rows.connection.execute(f"UPDATE auth.users SET {change} WHERE id = $1", publisher.person.id)
    assert (await publisher.ask(key, "/orders")).outcome == "bad_key"


async def test_a_replaced_key_stays_good_for_the_overlap_and_no_longer(publisher: Owner, rows: Rows) -> None:
    await publisher.endpoint("/orders")
    old = await publisher.key()
    answer = await publisher.rpc("reroll_api_key", {"id": old["id"]})
    new = answer.json()
    assert (answer.status_code, new["id"]) == (200, old["id"])
    assert new["key"] != old["key"]
    assert [(await publisher.ask(key, "/orders")).outcome for key in (old, new)] == ["admitted", "admitted"]
    day = datetime.fromisoformat((await publisher.row_of(old))["previous_expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < day <= timedelta(days=1)
    await rows.connection.execute(
        "UPDATE public.api_keys SET previous_expires_at = now() WHERE id = $1::uuid", old["id"]
    )
    assert [(await publisher.ask(key, "/orders")).outcome for key in (old, new)] == ["bad_key", "admitted"]


async def test_both_keys_of_an_overlap_share_one_limit(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    old = await publisher.key(rate_limit=2)
    new = (await publisher.rpc("reroll_api_key", {"id": old["id"]})).json()
    asked = [(await publisher.ask(key, "/orders")).outcome for key in (old, new, old, new)]
    assert asked == ["admitted", "admitted", "over_limit", "over_limit"]


async def test_a_key_is_replaced_without_overlap(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    old = await publisher.key()
    new = (await publisher.rpc("reroll_api_key", {"id": old["id"], "overlap_seconds": 0})).json()
    assert [(await publisher.ask(key, "/orders")).outcome for key in (old, new)] == ["bad_key", "admitted"]


async def test_a_key_is_not_replaced_again_while_the_one_before_may_be_in_use(publisher: Owner) -> None:
    """An answer that was lost and is asked for again would end the key that programs still send."""
    await publisher.endpoint("/orders")
    first = await publisher.key()
    second = (await publisher.rpc("reroll_api_key", {"id": first["id"]})).json()
    refused = await publisher.rpc("reroll_api_key", {"id": first["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "PT409")
    assert "overlap_seconds 0" in refused.json()["hint"]
    third = (await publisher.rpc("reroll_api_key", {"id": first["id"], "overlap_seconds": 0})).json()
    asked = [(await publisher.ask(key, "/orders")).outcome for key in (first, second, third)]
    assert asked == ["bad_key", "bad_key", "admitted"]


@pytest.mark.parametrize("seconds", [-1, 2_592_001, None])
async def test_an_overlap_is_bounded(publisher: Owner, seconds: int | None) -> None:
    key = await publisher.key()
    answer = await publisher.rpc("reroll_api_key", {"id": key["id"], "overlap_seconds": seconds})
    assert (answer.status_code, answer.json()["code"]) == (400, "PT400")


async def test_a_key_of_another_is_replaced_as_one_that_is_not_there(publisher: Owner, rival: Owner) -> None:
    key = await publisher.key()
    answers = [await rival.rpc("reroll_api_key", {"id": each}) for each in (key["id"], str(uuid4()))]
    assert [answer.status_code for answer in answers] == [404, 404]
    await publisher.endpoint("/orders")
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"


async def test_a_row_without_a_key_gets_its_first(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    row = await publisher.api.insert("api_keys", {"name": "Made as a row"}, publisher.person.headers)
    key = (await publisher.rpc("reroll_api_key", {"id": row["id"]})).json()
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"
    assert (await publisher.row_of(row))["previous_expires_at"] is None


async def test_use_is_noted_once_a_minute_and_changes_nothing_else(publisher: Owner, rows: Rows) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key()

    async def changes() -> int:
        return await rows.connection.fetchval(
            "SELECT count(*) FROM private.change_log WHERE table_name = 'api_keys' AND row_id = $1::uuid", key["id"]
        )

    before = await publisher.row_of(key), await changes()
    await publisher.ask(key, "/orders")
    first = await publisher.row_of(key)
    await publisher.ask(key, "/orders")
    assert (before[0]["last_used_at"], await publisher.row_of(key)) == (None, first)
    assert first["last_used_at"] is not None
    assert (first["updated_at"], await changes()) == (before[0]["updated_at"], before[1])
    await rows.connection.execute(
        "UPDATE public.api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1::uuid", key["id"]
    )
    aged = await publisher.row_of(key)
    await publisher.ask(key, "/orders")
    assert (await publisher.row_of(key))["last_used_at"] > aged["last_used_at"]


async def test_who_changes_a_key_does_not_hold_up_its_use(publisher: Owner, rows: Rows) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key()
    async with rows.connection.transaction():
        await rows.connection.execute("UPDATE public.api_keys SET name = 'Changing' WHERE id = $1::uuid", key["id"])
        async with asyncio.timeout(30):
            assert (await publisher.ask(key, "/orders")).outcome == "admitted"


async def test_an_account_has_200_keys_at_most(publisher: Owner, rows: Rows) -> None:
    await rows.connection.execute(
        "INSERT INTO public.api_keys (user_id, name) SELECT $1, 'One of many' FROM generate_series(1, 199)",
        publisher.person.id,
    )
    both = await asyncio.gather(*(publisher.rpc("create_api_key", {"name": "The last"}) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 400]
    [refused] = [answer.json() for answer in both if answer.status_code == 400]
    assert "200 rows of api_keys at most" in refused["error"]


async def test_keys_and_endpoints_that_go_amid_calls_leave_nothing_behind(
    publisher: Owner, rows: Rows, settings: Settings
) -> None:
    person = publisher.person.headers
    gone: list[UUID] = []
    for number in range(12):
        endpoint, key = await publisher.endpoint(f"/{number}"), await publisher.key(daily_quota=100)
        asks = [publisher.ask(key, f"/{number}") for _ in range(6)]
        deletions = [
            publisher.api.send("DELETE", f"{table}?id=eq.{each}", person)
            for table, each in (("api_keys", key["id"]), ("api_endpoints", endpoint))
        ]
        asked, deleted = await asyncio.gather(asyncio.gather(*asks), asyncio.gather(*deletions))
        assert {answer.status_code for answer in deleted} == {204}
        assert {each.outcome for each in asked} <= {"admitted", "bad_key", "no_endpoint"}
        gone += [UUID(key["id"]), endpoint]
    await upkeep(settings)
    assert await counted(rows, gone) == 0


async def test_an_account_is_deleted_without_waiting_for_calls(
    publisher: Owner, rows: Rows, settings: Settings
) -> None:
    """A call holds its key's counters and wants the endpoint's, which the deletion holds: one of them may not wait."""
    endpoint, key = await publisher.endpoint("/orders"), await publisher.key(daily_quota=100)
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"
    other = await Rows.connect(settings.database)
    async with rows.connection.transaction():
        for statement in ("gateway_quotas WHERE key_id = $1::uuid", "gateway_windows WHERE id = $1::uuid"):
            await rows.connection.execute(f"SELECT FROM private.{statement} FOR NO KEY UPDATE", key["id"])
        async with asyncio.timeout(20):
            await other.connection.execute("DELETE FROM auth.users WHERE id = $1", publisher.person.id)
        assert (await publisher.ask(key, "/orders")).outcome == "bad_key"
    await other.connection.close()
    assert await counted(rows, [UUID(key["id"]), endpoint]) == 2
    await upkeep(settings)
    assert await counted(rows, [UUID(key["id"]), endpoint]) == 0


async def upkeep(settings: Settings) -> None:
    database = Database.of(settings.database, Login.WORKER, application_name="test of the gateway")
    await ActivityEnvironment().run(SqlEventUpkeepActivities(database, settings).trim_events)
    await database.close()


async def counted(rows: Rows, ids: list[UUID]) -> int:
    """How many counters there are of these."""
    return await rows.connection.fetchval(
        "SELECT (SELECT count(*) FROM private.gateway_windows WHERE id = ANY ($1))"
        " + (SELECT count(*) FROM private.gateway_quotas WHERE key_id = ANY ($1))",
        ids,
    )
