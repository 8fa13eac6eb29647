"""Quotas of a key by the day and the month."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import asyncpg
import pytest

from tests.api.gateway.owners import Owner, new_owner
from tests.api.gateway.windows import Windows
from tests.api.served import Served
from zilliance.settings import DatabaseSettings

EVENING = datetime(2026, 1, 31, 23, 59, 50, tzinfo=UTC)
DAY = 86_400


@pytest.fixture(scope="module")
async def windows(api: Served, database_settings: DatabaseSettings) -> AsyncGenerator[Windows]:
    owner = await new_owner(api)
    connection = await asyncpg.connect(database_settings.admin_dsn())
    yield Windows(connection, (await owner.key())["id"], [await owner.endpoint("/a")])
    await connection.close()


async def test_a_day_ends_at_midnight_utc(windows: Windows) -> None:
    async with windows.unused():
        taken = await windows.take(0, 1, 2, 10, 11, 12, limit=1000, daily=2, since=EVENING)
    assert [each.outcome for each in taken] == ["admitted", "admitted", "over_quota"] * 2
    assert [each.retry_after for each in taken] == [None, None, 8.0, None, None, DAY - 2.0]
    assert taken[0].limits["day"] == {"name": "day", "quota": 2, "window": DAY, "remaining": 1, "reset": 10.0}


async def test_a_month_has_the_days_that_it_has(windows: Windows) -> None:
    february = 28 * DAY
    async with windows.unused():
        taken = await windows.take(0, 1, 10, 10 + february - 1, 10 + february, limit=9, monthly=1, since=EVENING)
    assert [each.admitted for each in taken] == [True, False, True, False, True]
    assert [each.limits["month"]["window"] for each in taken] == [31 * DAY] * 2 + [february] * 2 + [31 * DAY]


async def test_day_and_month_count_at_once_and_the_later_one_says_when(windows: Windows) -> None:
    async with windows.unused():
        taken = await windows.take(10, 11, 12, 10 + DAY, limit=9, daily=2, monthly=2, since=EVENING)
    assert [each.outcome for each in taken] == ["admitted", "admitted", "over_quota", "over_quota"]
    assert taken[2].retry_after == 28 * DAY - 2


async def test_what_a_limit_refuses_uses_no_quota(windows: Windows) -> None:
    async with windows.unused():
        taken = await windows.take(0, 0, 0, 100, limit=1, daily=5, since=datetime(2026, 3, 3, 9, tzinfo=UTC))
    assert [each.outcome for each in taken] == ["admitted", "over_limit", "over_limit", "admitted"]
    assert taken[-1].limits["day"]["remaining"] == 3


@pytest.mark.usefixtures("today")
async def test_a_refusal_says_what_the_quota_is_and_when_there_is_more(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key(daily_quota=1, monthly_quota=9)
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"
    refused = await publisher.ask(key, "/orders")
    assert refused.refusal is not None
    assert (refused.refusal.status, refused.refusal.code) == (429, "QUOTA_EXCEEDED")
    assert refused.refusal.details["limits"] == ["day"]
    assert "This key takes 1 request a day (UTC)" in refused.refusal.message
    assert refused.retry_after is not None
    assert [limit.name for limit in refused.limits] == ["key", "endpoint", "day", "month"]


@pytest.mark.usefixtures("today")
async def test_a_quota_that_is_raised_counts_what_was_used(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key(daily_quota=1)
    for quota, outcomes in ((1, ["admitted", "over_quota"]), (3, ["admitted", "admitted", "over_quota"])):
        await publisher.change_key(key, daily_quota=quota)
        assert [(await publisher.ask(key, "/orders")).outcome for _ in outcomes] == outcomes
    await publisher.change_key(key, daily_quota=None)
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"


async def test_a_clock_that_is_set_back_gives_no_day_twice_and_one_that_was_far_ahead_takes_none(
    windows: Windows,
) -> None:
    months = 70 * DAY
    async with windows.unused():
        little = await windows.take(10, 11, 9, 12, limit=99, daily=2, monthly=9, since=EVENING)
        far = await windows.take(months, months, months, 20, 21, 22, limit=99, daily=2, monthly=3, since=EVENING)
    assert [each.admitted for each in little] == [True, True, False, False]
    assert [each.admitted for each in far] == [True, True, False] * 2
