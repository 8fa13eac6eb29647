"""The real parts that tests run against: started once a session, on free ports, in homes of their own."""

import asyncio
import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

from tests.activities.support import Rows
from tests.conformance.outside import HOST, serving
from tests.ports import keep_to_our_own
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.settings import DatabaseSettings, Settings

# The same examples each time, and none refused because the machine was slow in making them up.
hypothesis.settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")
keep_to_our_own()
# For the processes of the tests and for those of their stacks. The usual limits of a statement, 15 s and of callers
# without an account 3 s, are less than a busy machine may stand still for; the test of the limit sets its own.
os.environ |= {
    "ZILLIANCE_DATABASE__STATEMENT_TIMEOUT_MS": "60000",
    "ZILLIANCE_DATABASE__ANON_STATEMENT_TIMEOUT_MS": "30000",
}


def short_home(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder for a home. Unix sockets live in it, so its path must stay short."""
    return factory.mktemp(name, numbered=True) / "home"


@pytest.fixture(scope="session")
async def base(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    """A migrated PostgreSQL, a Temporal and an S3 store, without a platform to take up the tests' tasks."""
    home = short_home(tmp_path_factory, "base")
    async with Stack(home, FREE_PORTS, parts={"postgres", "migrate", "temporal", "s3"}) as stack:
        yield stack


@pytest.fixture(scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    """The whole platform, as `make up` starts it; for workflows, a server of the tests is `shop.example.com`."""
    async with serving() as shop:
        settings = {**FREE_PORTS, "ZILLIANCE_EGRESS_MAP": f"{HOST}={shop}"}
        async with Stack(short_home(tmp_path_factory, "full"), settings) as stack:
            yield stack


@pytest.fixture(scope="session")
def settings(base: Stack) -> Settings:
    """The settings with which processes reach the parts of `base`."""
    return base.settings


@pytest.fixture(scope="session")
def database_settings(settings: Settings) -> DatabaseSettings:
    """A migrated database."""
    return settings.database


@pytest.fixture(scope="session")
async def rows(database_settings: DatabaseSettings) -> AsyncGenerator[Rows]:
    """The migrated database as its administrator sees it."""
    rows = await Rows.connect(database_settings)
    yield rows
    await rows.connection.close()


async def _far_from_the_end(length: timedelta) -> None:
    """Of a day or an hour of UTC: where it has less than a minute left, come back when the next one has begun."""
    left = length - (datetime.now(UTC) - datetime(2000, 1, 1, tzinfo=UTC)) % length
    if left < timedelta(minutes=1):
        await asyncio.sleep(left.total_seconds() + 1)


@pytest.fixture
async def today() -> datetime:
    """Noon of this day, which has at least a minute left."""
    await _far_from_the_end(timedelta(days=1))
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
async def this_hour() -> None:
    """It has at least a minute left."""
    await _far_from_the_end(timedelta(hours=1))
