"""A worker's own pool, and rows to work on."""

from collections.abc import AsyncGenerator

import pytest

from tests.activities.support import Rows
from zilliance.database import Database
from zilliance.settings import DatabaseSettings, Login


@pytest.fixture(scope="session")
async def rows(database_settings: DatabaseSettings) -> AsyncGenerator[Rows]:
    rows = await Rows.connect(database_settings)
    yield rows
    await rows.connection.close()


@pytest.fixture(scope="session")
async def worker_database(database_settings: DatabaseSettings) -> AsyncGenerator[Database]:
    database = Database.of(database_settings, Login.WORKER, application_name="test worker")
    yield database
    await database.close()
