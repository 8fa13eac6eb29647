"""Counters and the admission of the gateway are the platform's; keys are issued to their owner alone."""

from uuid import UUID

import asyncpg
import pytest

from tests.policies.conftest import Connection, become
from zilliance.identity import Identity

ADMISSION = [
    r"SELECT * FROM private.gateway_admit('\x00', 'GET', '/weather')",
    "SELECT * FROM private.gateway_admit_owner('{user}', '{user}', 'GET', '/weather')",
    "SELECT * FROM private.gateway_take('{user}', 1, NULL, NULL, '{user}', 1, NULL)",
    "SELECT private.open_counters('{user}', '{user}', true)",
    "SELECT private.note_key_use('{user}')",
    "SELECT private.forget_counters(1)",
    "SELECT private.new_gateway_key()",
    "SELECT * FROM private.gateway_match('{user}', 'GET', '/weather', '{{weather}}')",
    "SELECT private.is_published('/weather')",
    "SELECT private.gateway_account_ok('{user}')",
]


@pytest.mark.parametrize("who", ["anon", "owner", "other", "admin"])
@pytest.mark.parametrize("table", ["gateway_windows", "gateway_quotas"])
@pytest.mark.parametrize("verb", ["SELECT * FROM", "DELETE FROM"])
async def test_callers_hold_no_right_on_counters(
    requests: Connection, people: dict[str, Identity], who: str, table: str, verb: str
) -> None:
    await become(requests, people[who])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(f"{verb} private.{table}")


@pytest.mark.parametrize("statement", ADMISSION)
async def test_callers_decide_about_no_admission(
    requests: Connection, people: dict[str, Identity], statement: str
) -> None:
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch(statement.format(user=people["other"].user_id))


async def test_a_key_is_issued_to_the_caller(requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["other"])
    await requests.fetchval("SELECT public.create_api_key('Mine')")
    owners = await requests.fetch("SELECT user_id FROM api_keys WHERE name = 'Mine'")
    assert [row["user_id"] for row in owners] == [people["other"].user_id]


async def test_a_key_is_replaced_by_its_owner_alone(
    requests: Connection, people: dict[str, Identity], rows: dict[str, UUID]
) -> None:
    await become(requests, people["other"])
    with pytest.raises(asyncpg.PostgresError) as refused:
        await requests.fetchval("SELECT public.reroll_api_key($1)", rows["api_keys"])
    assert refused.value.sqlstate == "PT404"


@pytest.mark.parametrize("function", ["create_api_key('A key')", "reroll_api_key(gen_random_uuid())"])
async def test_visitors_have_no_keys(requests: Connection, people: dict[str, Identity], function: str) -> None:
    await become(requests, people["anon"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetchval(f"SELECT public.{function}")


async def test_the_platform_asks_for_admission_without_touching_the_counters(service: Connection) -> None:
    await service.execute("RESET ROLE")
    outcome = await service.fetchval("SELECT outcome FROM private.gateway_admit(NULL, 'GET', '/weather')")
    assert outcome == "bad_key"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute("SELECT * FROM private.gateway_windows")
