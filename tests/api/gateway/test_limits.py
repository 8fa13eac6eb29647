"""Limits are exact: in any sixty seconds, for key and endpoint at once, over any number of processes."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from math import floor
from time import monotonic
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from api.gateway.keys import digest_of
from api.turns import CALLS_OF_A_KEY, MOST_CALLS_WAITING, Admissions
from tests.activities.support import Rows
from tests.api.gateway.hammering import CONNECTIONS
from tests.api.gateway.owners import Owner, new_owner
from tests.api.gateway.way import way_through
from tests.api.gateway.windows import Windows
from tests.api.served import Served
from zilliance.errors import UnavailableError
from zilliance.settings import DatabaseSettings, Login, Settings

PROCESSES = 4
MINUTE = 60
Call = tuple[float, int]


@pytest.fixture(scope="module")
async def windows(api: Served, database_settings: DatabaseSettings) -> AsyncGenerator[Windows]:
    owner = await new_owner(api)
    endpoints = [await owner.endpoint(path) for path in ("/a", "/b")]
    connection = await asyncpg.connect(database_settings.admin_dsn())
    yield Windows(connection, (await owner.key())["id"], endpoints)
    await connection.close()


@st.composite
def calls(draw: st.DrawFn) -> list[Call]:
    """Calls for two endpoints, some in bursts, some with pauses about as long as the window."""
    at, made = 0.0, []
    for _ in range(draw(st.integers(1, 40))):
        at += draw(
            st.sampled_from([0.0, 0.0, 0.001, 0.3, 0.999, 1.0, 7.5, 29.9, 58.5, 59.999, 60.0, 60.5, 61.0, 200.0])
        )
        made.append((round(at, 3), draw(st.integers(0, 1))))
    return made


def expected(made: list[Call], limit: int, endpoint_limit: int) -> list[bool]:
    """By the rule itself: whoever was admitted in this second or in the sixty before it counts."""
    admitted: list[Call] = []
    outcomes = []
    for at, endpoint in made:
        counted = [each for each in admitted if floor(each[0]) >= floor(at) - MINUTE]
        outcomes.append(len(counted) < limit and sum(each[1] == endpoint for each in counted) < endpoint_limit)
        if outcomes[-1]:
            admitted.append((at, endpoint))
    return outcomes


@given(made=calls(), limit=st.integers(1, 6), endpoint_limit=st.integers(1, 6))
@examples(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_no_sixty_seconds_hold_more_than_a_limit_and_nothing_is_refused_without_need(
    windows: Windows, made: list[Call], limit: int, endpoint_limit: int
) -> None:
    async with windows.unused():
        taken = await windows.take(*made, limit=limit, endpoint_limit=endpoint_limit)
    assert [each.admitted for each in taken] == expected(made, limit, endpoint_limit)
    for quota, endpoints in ((limit, {0, 1}), (endpoint_limit, {0}), (endpoint_limit, {1})):
        admitted = [at for (at, where), each in zip(made, taken, strict=True) if each.admitted and where in endpoints]
        assert all(sum(at - MINUTE < other <= at for other in admitted) <= quota for at in admitted)


@given(made=calls(), limit=st.integers(1, 6))
@examples(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_who_comes_back_when_told_is_admitted_and_who_comes_sooner_is_not(
    windows: Windows, made: list[Call], limit: int
) -> None:
    async with windows.unused():
        taken = await windows.take(*made, limit=limit)
        last, (at, _) = taken[-1], made[-1]
        if last.retry_after is None:
            return
        sooner, then = await windows.take(at + last.retry_after - 0.002, at + last.retry_after, limit=limit)
    assert (sooner.admitted, then.admitted) == (False, True)


async def test_a_full_burst_is_let_through_and_then_nothing_for_a_minute(windows: Windows) -> None:
    """What GCRA with a burst of the limit would not do: half a minute later it lets half of it through again."""
    async with windows.unused():
        first = await windows.take(*[0.5] * 101, limit=100)
        later = await windows.take(*range(1, 61), limit=100)
        after = await windows.take(61.0, limit=100)
    assert [each.admitted for each in first] == [True] * 100 + [False]
    assert [each.admitted for each in (*later, *after)] == [False] * 60 + [True]


async def test_what_remains_is_told(windows: Windows) -> None:
    async with windows.unused():
        told = await windows.take(0.25, 10.25, 20.25, 62.0, limit=3)
    assert [each.limits["key"]["remaining"] for each in told] == [2, 1, 0, 0]
    assert [each.limits["key"]["reset"] for each in told] == [60.75, 50.75, 40.75, 9.0]


async def test_one_limit_is_not_used_up_where_the_other_refuses(windows: Windows) -> None:
    async with windows.unused():
        refused = await windows.take(*[(1.0, 0)] * 10, limit=5, endpoint_limit=2)
        others = await windows.take(*[(1.0, 1)] * 2, limit=5, endpoint_limit=2)
    assert [each.admitted for each in refused] == [True] * 2 + [False] * 8
    assert [(each.admitted, each.limits["key"]["remaining"]) for each in others] == [(True, 2), (True, 1)]


async def test_a_clock_that_is_set_back_makes_no_room(windows: Windows) -> None:
    async with windows.unused():
        taken = await windows.take(*[100.0] * 3, 99.0, 41.0, 100.0, limit=3)
    assert [each.admitted for each in taken] == [True] * 3 + [False] * 3


async def test_a_clock_that_was_far_ahead_shuts_nobody_out(windows: Windows) -> None:
    async with windows.unused():
        taken = await windows.take(*[86_400.0] * 3, *[100.0] * 3, limit=2)
    assert [each.admitted for each in taken] == [True, True, False] * 2


async def test_a_limit_that_is_lowered_counts_what_was_let_through_before(windows: Windows) -> None:
    async with windows.unused():
        await windows.take(*range(10), limit=10)
        [refused] = await windows.take(10.0, limit=3)
    assert (refused.outcome, refused.limits["key"]["remaining"]) == ("over_limit", 0)
    assert refused.retry_after == 58.0  # when seven of the ten have left, and one more


async def test_key_and_endpoint_are_limited_at_once(publisher: Owner) -> None:
    await publisher.endpoint("/orders", rate_limit=3)
    await publisher.endpoint("/others", rate_limit=3)
    key = await publisher.key(rate_limit=5)
    outcomes = [(await publisher.ask(key, path)).outcome for path in ["/orders"] * 4 + ["/others"] * 3]
    assert outcomes == ["admitted"] * 3 + ["over_limit"] + ["admitted"] * 2 + ["over_limit"]
    refusal = (await publisher.ask(key, "/orders")).refusal
    assert refusal is not None
    assert (refusal.status, refusal.code) == (429, "RATE_LIMITED")
    assert refusal.details["limits"] == ["key", "endpoint"]
    assert "This key takes 5 requests a minute and this endpoint takes 3 requests a minute" in refusal.message


async def test_an_owner_is_counted_at_the_endpoint_alone(publisher: Owner) -> None:
    endpoint = await publisher.endpoint("/orders/{id}", rate_limit=2)
    asked = [await publisher.ask_as_owner(endpoint, "/orders/7") for _ in range(3)]
    assert [each.outcome for each in asked] == ["admitted", "admitted", "over_limit"]
    assert [limit.name for limit in asked[0].limits] == ["endpoint"]
    assert (asked[0].key_id, asked[0].user_id) == (None, publisher.person.id)


async def test_refused_requests_write_nothing(publisher: Owner, rows: Rows) -> None:
    """Whoever is over a limit, or comes with a bad key, takes no transaction number, no lock and no row version."""
    await publisher.endpoint("/orders", rate_limit=1)
    key = await publisher.key()
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"
    asked = [
        (digest_of(key["key"]), "/orders", "over_limit"),
        (b"\0" * 32, "/orders", "bad_key"),
        (None, "/", "bad_key"),
    ]
    async with rows.connection.transaction():
        for digest, path, outcome in asked:
            statement = "SELECT outcome FROM private.gateway_admit($1, 'GET', $2)"
            assert await rows.connection.fetchval(statement, digest, path) == outcome
        assert await rows.connection.fetchval("SELECT pg_current_xact_id_if_assigned()") is None


async def test_a_limit_holds_over_processes_and_their_connections(
    publisher: Owner, database_settings: DatabaseSettings
) -> None:
    await publisher.endpoint("/hot")
    key = await publisher.key(rate_limit=300)
    digest = digest_of(key["key"])
    assert digest is not None
    command = [sys.executable, "-m", "tests.api.gateway.hammering", database_settings.dsn(Login.SERVICE), digest.hex()]
    hammers = [
        await asyncio.create_subprocess_exec(
            *command, "/hot", "60", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(PROCESSES)
    ]
    for hammer in hammers:
        assert hammer.stdout is not None
        assert await hammer.stdout.readline() == b"ready\n"
    began = monotonic()
    answers = await asyncio.gather(*(hammer.communicate(b"go\n") for hammer in hammers))
    minutes = floor((monotonic() - began) / MINUTE)
    assert PROCESSES * CONNECTIONS * 60 > 3 * 300
    assert 300 <= sum(int(told) for told, _ in answers) <= 300 * (1 + minutes)


async def test_callers_at_once_are_counted_in_one_order_and_none_waits_in_a_circle(publisher: Owner) -> None:
    for path in ("/a", "/b"):
        await publisher.endpoint(path, rate_limit=60)
    keys = [await publisher.key(rate_limit=40, daily_quota=1000) for _ in range(3)]
    asked = await asyncio.gather(
        *(publisher.ask(key, path) for key in keys for path in ("/a", "/b") for _ in range(30))
    )
    admitted = [each for each in asked if each.refusal is None]
    by_key = [sum(str(each.key_id) == key["id"] for each in admitted) for key in keys]
    assert {each.outcome for each in asked} == {"admitted", "over_limit"}
    assert max(by_key) <= 40
    assert len(admitted) == sum(by_key) <= 120


async def test_who_calls_with_one_key_all_the_time_does_not_slow_the_others(
    publisher: Owner, rival: Owner, rows: Rows, settings: Settings
) -> None:
    for owner in (publisher, rival):
        await owner.endpoint("/orders")
    hot, other = await publisher.key(rate_limit=1000), await rival.key()
    assert (await publisher.ask(hot, "/orders")).outcome == "admitted"
    async with rows.connection.transaction():
        await rows.connection.execute("SELECT FROM private.gateway_windows WHERE id = $1::uuid FOR UPDATE", hot["id"])
        waiting = [asyncio.create_task(publisher.ask(hot, "/orders")) for _ in range(3 * settings.database.pool_size)]
        await asyncio.sleep(0.5)
        async with asyncio.timeout(20):
            others = [await rival.ask(other, "/orders") for _ in range(20)]
            bad = [await rival.ask(None, "/orders") for _ in range(20)]
        assert not any(each.done() for each in waiting)
    assert {each.outcome for each in others} == {"admitted"}
    assert {each.outcome for each in bad} == {"bad_key"}
    assert {each.outcome for each in await asyncio.gather(*waiting)} == {"admitted"}


async def test_so_many_wait_with_one_key_and_no_more() -> None:
    admissions, done = Admissions(10), asyncio.Event()
    for key in (b"hot", b"other"):
        admissions.learn(key, uuid4())

    async def call(key: bytes) -> None:
        async with admissions.of_key(key):
            await done.wait()

    waiting = [asyncio.create_task(call(b"hot")) for _ in range(MOST_CALLS_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError) as refused:
        await call(b"hot")
    assert (refused.value.code, refused.value.headers) == ("GATEWAY_BUSY", {"Retry-After": "1"})
    done.set()
    await call(b"other")
    await asyncio.gather(*waiting, call(b"hot"))


@pytest.mark.parametrize("is_known", [False, True], ids=["made-up keys", "many keys of one owner"])
async def test_many_keys_do_not_slow_those_of_others(*, is_known: bool) -> None:
    admissions, done, flooder = Admissions(10), asyncio.Event(), uuid4()
    flood = [b"flood %d" % number for number in range(200)]
    if is_known:
        for key in flood:
            admissions.learn(key, flooder)
    admissions.learn(b"good", uuid4())

    async def call(key: bytes) -> None:
        async with admissions.of_key(key):
            await done.wait()

    waiting = [asyncio.create_task(call(key)) for key in flood for _ in range(CALLS_OF_A_KEY)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5), admissions.of_key(b"good"), admissions.of_owner(uuid4()):
        assert not any(each.done() for each in waiting)
    done.set()
    await asyncio.gather(*waiting)


async def test_a_key_that_is_no_good_any_more_waits_with_strangers() -> None:
    admissions, done = Admissions(10), asyncio.Event()
    admissions.learn(b"revoked", uuid4())
    admissions.learn(b"revoked", None)

    async def call(key: bytes) -> None:
        async with admissions.of_key(key):
            await done.wait()

    strangers = [asyncio.create_task(call(b"flood %d" % number)) for number in range(MOST_CALLS_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError):
        await call(b"revoked")
    done.set()
    await asyncio.gather(*strangers)


async def test_a_key_waits_with_its_owners_once_it_was_admitted(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    known, new = await publisher.key(), await publisher.key()
    assert (await publisher.ask(known, "/orders")).outcome == "admitted"
    async with AsyncExitStack() as flood:
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0.5):
                    await flood.enter_async_context(publisher.api.state.admissions.of_owner(None))
        assert (await publisher.ask(known, "/orders")).outcome == "admitted"
        waiting = asyncio.create_task(publisher.ask(new, "/orders"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    assert (await waiting).outcome == "admitted"


async def test_two_hundred_clients_at_once_get_what_the_limit_says_and_the_target_sees_no_more(
    settings: Settings,
) -> None:
    async with way_through(settings) as way:
        await way.endpoint("/hot")
        key = (await way.owner.key(rate_limit=100))["key"]
        began = monotonic()
        answers = await asyncio.gather(*(way.call("/hot", headers={"x-api-key": key}) for _ in range(200)))
        minutes = floor((monotonic() - began) / MINUTE)
        reached = len(way.upstream.received)
    let_through = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(let_through) + len(refused) == 200
    assert 100 <= len(let_through) <= 100 * (1 + minutes)
    assert reached == len(let_through)
    assert all(1 <= int(answer.headers["retry-after"]) <= 61 for answer in refused)
