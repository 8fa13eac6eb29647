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
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop waits for PostgreSQL for as long as it takes to write thousands of rows on a busy machine."""
    monkeypatch.setattr("api.request_log.CLOSE_SECONDS", 90.0)


@pytest.fixture
async def requests(database: Database, patience: None) -> AsyncGenerator[RequestLog]:  # noqa: ARG001
    requests = RequestLog(database)
    yield requests
    await requests.close()


@pytest.fixture
async def owner(rows: Rows) -> UUID:
    return await rows.account()
