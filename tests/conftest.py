"""The real parts that tests run against: started once a session, on free ports, in homes of their own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from zilliance.devstack.stack import Stack
from zilliance.settings import DatabaseSettings, Settings

# Every port is chosen free, so that tests run beside a platform that somebody uses.
FREE_PORTS = {
    "ZILLIANCE_PORT": "0",
    "ZILLIANCE_STACK__TEMPORAL_PORT": "0",
    "ZILLIANCE_STACK__TEMPORAL_UI_PORT": "0",
    "ZILLIANCE_STACK__S3_PORT": "0",
    "ZILLIANCE_STACK__MAIL_PORT": "0",
    "ZILLIANCE_STACK__MAIL_UI_PORT": "0",
}


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
