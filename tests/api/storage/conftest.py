"""Storage over HTTP: its routes on a real server, over a real database and a real S3 store."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from tests.activities.support import Rows
from tests.api.served import Person, Served, served
from tests.conftest import short_home
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.settings import Settings


@pytest.fixture(scope="session")
async def stored(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with Stack(short_home(tmp_path_factory, "files"), FREE_PORTS, parts={"postgres", "migrate", "s3"}) as stack:
        yield stack


@pytest.fixture(scope="session")
def stored_settings(stored: Stack) -> Settings:
    return stored.settings


@pytest.fixture(scope="session")
async def api(stored_settings: Settings) -> AsyncGenerator[Served]:
    async with served(stored_settings) as running:
        yield running


@pytest.fixture(scope="module")
async def owner(api: Served) -> Person:
    return await api.person()


@pytest.fixture(scope="module")
async def stranger(api: Served) -> Person:
    return await api.person()


@pytest.fixture(scope="session")
async def rows(stored: Stack) -> AsyncGenerator[Rows]:
    """The database of the files as its administrator sees it."""
    rows = await Rows.connect(stored.settings.database)
    yield rows
    await rows.connection.close()


@dataclass
class Admin:
    """The database as its administrator sees it."""

    connection: "asyncpg.Connection[asyncpg.Record]"

    async def pending(self, uploader: UUID | None) -> list[UUID]:
        """Versions of an uploader that no row has taken yet."""
        rows = await self.connection.fetch(
            "SELECT version FROM private.doomed_versions WHERE uploader IS NOT DISTINCT FROM $1 AND may_go_live",
            uploader,
        )
        return [row["version"] for row in rows]

    async def is_due(self, version: UUID) -> bool:
        """Whether the sweep will delete the bytes of a version within a minute."""
        found = await self.connection.fetchval(
            "SELECT due_at < now() + interval '61 seconds' FROM private.doomed_versions WHERE version = $1", version
        )
        return found is True


@pytest.fixture(scope="session")
async def admin(stored: Stack) -> AsyncGenerator[Admin]:
    connection = await asyncpg.connect(stored.settings.database.admin_dsn())
    yield Admin(connection)
    await connection.close()
