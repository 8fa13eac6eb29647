"""A worker's own pool."""

from collections.abc import AsyncGenerator

import pytest

from zilliance.database import Database
from zilliance.settings import DatabaseSettings, Login


@pytest.fixture(scope="session")
async def worker_database(database_settings: DatabaseSettings) -> AsyncGenerator[Database]:
    database = Database.of(database_settings, Login.WORKER, application_name="test worker")
    yield database
    await database.close()
