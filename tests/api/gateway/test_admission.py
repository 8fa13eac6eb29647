"""Who may pass the gateway, and what the others are told."""

from collections import Counter

import pytest

from api.gateway.keys import digest_of
from tests.activities.support import Rows
from tests.api.gateway.owners import TARGET, Owner


async def test_a_key_opens_its_owners_endpoint(publisher: Owner) -> None:
    endpoint = await publisher.endpoint("/orders", timeout_ms=5000, cache_seconds=30)
    key = await publisher.key()
    passed = await publisher.ask(key, "/orders")
    assert passed.refusal is None
    assert (passed.outcome, passed.user_id, str(passed.key_id)) == ("admitted", publisher.person.id, key["id"])
    assert (passed.endpoint_id, passed.target_url, passed.segments) == (endpoint, TARGET, ("orders",))
    assert (passed.timeout_ms, passed.cache_seconds, passed.sealed_headers) == (5000, 30, "{}")
    assert [(each.name, each.quota, each.remaining) for each in passed.limits] == [
        ("key", 100, 99),
        ("endpoint", 1000, 999),
    ]


@pytest.mark.parametrize("key", [None, "", "zk_live_short", "zk_live_" + "a" * 43 + "_000000", "é\0"])
async def test_what_is_no_key_is_refused(publisher: Owner, key: str | None) -> None:
    await publisher.endpoint("/orders")
    refused = await publisher.ask(key, "/orders")
    assert refused.refusal is not None
    assert (refused.refusal.status, refused.refusal.code) == (401, "INVALID_API_KEY")
    assert (refused.user_id, refused.key_id, refused.target_url) == (None, None, "")


BAD_KEYS = ["missing", "unknown", "expired", "switched off", "replaced", "foreign"]
CALLS = "SELECT funcname, calls FROM pg_stat_xact_user_functions WHERE schemaname = 'private' ORDER BY funcname"


@pytest.fixture
async def bad_keys(publisher: Owner, rival: Owner, rows: Rows) -> dict[str, str | None]:
    """A key for everything that can be wrong with one, at the path that the publisher has."""
    await publisher.endpoint(f"/{publisher.person.id}")
    made = {name: await publisher.key() for name in ("expired", "switched off", "replaced")}
    await publisher.change_key(made["expired"], expires_at="2020-01-01T00:00:00Z")
    await publisher.change_key(made["switched off"], is_active=False)
    await publisher.rpc("reroll_api_key", {"id": made["replaced"]["id"], "overlap_seconds": 1000})
    await rows.connection.execute(
        "UPDATE public.api_keys SET previous_expires_at = now() WHERE id = $1::uuid", made["replaced"]["id"]
    )
    unknown = await publisher.key()
    await publisher.api.send("DELETE", f"api_keys?id=eq.{unknown['id']}", publisher.person.headers)
    made |= {"unknown": unknown, "foreign": await rival.key()}
    return {"missing": None, **{name: key["key"] for name, key in made.items()}}


async def test_all_bad_keys_are_answered_alike(publisher: Owner, bad_keys: dict[str, str | None]) -> None:
    path = f"/{publisher.person.id}"
    refusals = [(await publisher.ask(bad_keys[name], path)).refusal for name in BAD_KEYS]
    told = {(each.status, each.code, each.message, str(each.details), str(each.headers)) for each in refusals if each}
    assert None not in refusals
    assert len(told) == 1


async def test_all_bad_keys_take_the_same_way_through_the_database(
    publisher: Owner, bad_keys: dict[str, str | None], rows: Rows
) -> None:
    """So that the time of an answer does not tell what was wrong: every kind calls the same functions."""
    ways: dict[str, Counter[str]] = {}
    for name in BAD_KEYS:
        async with rows.connection.transaction():
            await rows.connection.execute("SET LOCAL track_functions = 'all'")
            before = await _calls(rows)
            await rows.connection.fetchrow(
                "SELECT * FROM private.gateway_admit($1, 'GET', $2)",
                digest_of(bad_keys[name]),
                f"/{publisher.person.id}",
            )
            ways[name] = await _calls(rows) - before
    assert ways["foreign"]["gateway_match"] == 1
    assert {name: way for name, way in ways.items() if way != ways["foreign"]} == {}


async def _calls(rows: Rows) -> Counter[str]:
    """How often each function was called so far in this session."""
    return Counter({row["funcname"]: row["calls"] for row in await rows.connection.fetch(CALLS)})


async def test_an_owners_path_that_is_switched_off_is_not_found_whatever_others_publish(
    publisher: Owner, rival: Owner
) -> None:
    key = await publisher.key()
    await publisher.endpoint("/shared", is_active=False)
    before = (await publisher.ask(key, "/shared")).outcome
    for path in ("/shared", "/rivals"):
        await rival.endpoint(path)
    after = [(await publisher.ask(key, path)).outcome for path in ("/shared", "/rivals")]
    assert [before, *after] == ["no_endpoint", "no_endpoint", "bad_key"]


async def test_an_owner_passes_at_an_active_endpoint_of_his_own_by_its_method(publisher: Owner, rival: Owner) -> None:
    endpoint = await publisher.endpoint("/orders/{id}", "POST")
    inactive = await publisher.endpoint("/old", is_active=False)
    asked = [
        await publisher.ask_as_owner(endpoint, "/orders/7", "POST"),
        await publisher.ask_as_owner(endpoint, "/orders/7", "GET"),
        await publisher.ask_as_owner(endpoint, "/orders", "POST"),
        await publisher.ask_as_owner(inactive, "/old"),
        await rival.ask_as_owner(endpoint, "/orders/7", "POST"),
    ]
    assert [each.outcome for each in asked] == ["admitted", "wrong_method"] + ["no_endpoint"] * 3
    assert (asked[0].target_url, asked[0].segments) == (TARGET, ("orders", "{id}"))
    assert asked[1].refusal is not None
    assert asked[1].refusal.headers == {"Allow": "POST, OPTIONS"}


async def test_a_changed_endpoint_has_another_version(publisher: Owner) -> None:
    endpoint = await publisher.endpoint("/orders")
    key = await publisher.key()
    before = (await publisher.ask(key, "/orders")).endpoint_version
    change = {"target_url": f"{TARGET}/v2"}
    await publisher.api.send("PATCH", f"api_endpoints?id=eq.{endpoint}", publisher.person.headers, json=change)
    after = await publisher.ask(key, "/orders")
    assert before is not None
    assert after.endpoint_version is not None
    assert after.endpoint_version > before
    assert after.target_url == f"{TARGET}/v2"
