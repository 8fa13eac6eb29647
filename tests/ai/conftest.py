"""A provider that stands in, a worker's pool, and a door between them."""

from collections.abc import AsyncGenerator

import pytest

from tests.activities.support import Rows
from tests.ai.doors import Door, door_to
from zilliance.database import Database
from zilliance.devstack.ai_stand_in import StandInProvider
from zilliance.settings import DatabaseSettings, Login


@pytest.fixture(scope="session")
async def stand_in() -> AsyncGenerator[StandInProvider]:
    async with StandInProvider.listening() as provider:
        yield provider


@pytest.fixture(scope="session")
async def ai_database(database_settings: DatabaseSettings) -> AsyncGenerator[Database]:
    database = Database.of(database_settings, Login.WORKER, application_name="test of models")
    yield database
    await database.close()


@pytest.fixture
async def door(stand_in: StandInProvider, ai_database: Database, rows: Rows) -> AsyncGenerator[Door]:
    async with door_to(stand_in, ai_database, rows) as door:
        yield door
