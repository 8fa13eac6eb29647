"""What the gateway has counted when PostgreSQL stops, or is killed."""

import signal
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.activities.support import Rows
from tests.conftest import short_home
from tests.waiting import until
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAILY = 50
TAKE = "SELECT outcome FROM private.gateway_take($1, 1000, $2, NULL, $3, 1000, $4)"
FLUSHED = "SELECT pg_current_wal_flush_lsn() >= $1"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with Stack(short_home(tmp_path_factory, "quota"), FREE_PORTS, parts={"postgres", "migrate"}) as running:
        yield running


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["restart", "kill -9"])
async def test_quotas_outlive_postgresql(stack: Stack, how: signal.Signals) -> None:
    rows = await Rows.connect(stack.settings.database)
    key, endpoint = await _published(rows)
    assert await _asked(rows, key, endpoint, 20) == ["admitted"] * 20
    if how is signal.SIGKILL:
        await _written_down(rows)
    pid = stack.process("postgres").pid
    await stack.kill("postgres", how)
    await stack.ready("postgres", after=pid)

    again = await Rows.connect(stack.settings.database)
    assert await _asked(again, key, endpoint, DAILY) == ["admitted"] * (DAILY - 20) + ["over_quota"] * 20
    await again.connection.close()


async def test_windows_of_a_minute_begin_anew_after_a_crash_and_count_again(stack: Stack) -> None:
    rows = await Rows.connect(stack.settings.database)
    key, endpoint = await _published(rows)
    await _asked(rows, key, endpoint, 20)
    pid = stack.process("postgres").pid
    await stack.kill("postgres")
    await stack.ready("postgres", after=pid)

    again = await Rows.connect(stack.settings.database)
    assert await again.connection.fetchval("SELECT count(*) FROM private.gateway_windows") == 0
    assert await _asked(again, key, endpoint, 2) == ["admitted"] * 2
    assert await again.connection.fetchval("SELECT total FROM private.gateway_windows WHERE id = $1", key) == 2
    await again.connection.close()


async def _published(rows: Rows) -> tuple[UUID, UUID]:
    owner = await rows.account()
    key = await rows.connection.fetchval(
        "INSERT INTO public.api_keys (user_id, name) VALUES ($1, 'A key') RETURNING id", owner
    )
    endpoint = await rows.connection.fetchval(
        "INSERT INTO public.api_endpoints (user_id, name, path, target_url)"
        " VALUES ($1, 'Orders', '/orders', 'https://shop.example.com') RETURNING id",
        owner,
    )
    return key, endpoint


async def _asked(rows: Rows, key: UUID, endpoint: UUID, times: int) -> list[str]:
    return [await rows.connection.fetchval(TAKE, key, DAILY, endpoint, NOON) for _ in range(times)]


async def _written_down(rows: Rows) -> None:
    """PostgreSQL writes what nobody waits for within a second: from then on it is there whatever happens."""
    position = await rows.connection.fetchval("SELECT pg_current_wal_insert_lsn()")
    await until(lambda: rows.connection.fetchval(FLUSHED, position))
