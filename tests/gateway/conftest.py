"""The door through which the API writes the log, and accounts whose requests it writes."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from api.request_log import RequestLog
from tests.activities.support import Rows
from zilliance.database import Database
from zilliance.settings import DatabaseSettings, Login


@pytest.fixture
async def database(database_settings: DatabaseSettings) -> AsyncGenerator[Database]:
    database = Database.of(database_settings, Login.SERVICE, application_name="test of the log")
    yield database
    await database.close()


@pytest.fixture
async def requests(database: Database) -> AsyncGenerator[RequestLog]:
    requests = RequestLog(database)
    yield requests
    await requests.close()


@pytest.fixture
async def owner(rows: Rows) -> UUID:
    return await rows.account()
