"""The real parts that tests run against: started once a session, on free ports, in homes of their own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.activities.support import Rows
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.settings import DatabaseSettings, Settings


def short_home(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder for a home. Unix sockets live in it, so its path must stay short."""
    return factory.mktemp(name, numbered=True) / "home"


@pytest.fixture(scope="session")
async def base(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    """A migrated PostgreSQL and a Temporal, without a platform that would take up the tests' rows and tasks."""
    home = short_home(tmp_path_factory, "base")
    async with Stack(home, FREE_PORTS, parts={"postgres", "migrate", "temporal"}) as stack:
        yield stack


@pytest.fixture(scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    """The whole platform, as `make up` starts it."""
    async with Stack(short_home(tmp_path_factory, "full"), FREE_PORTS) as stack:
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
