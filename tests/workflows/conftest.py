"""A worker on a real Temporal and a real database, and accounts whose definitions it runs."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from tests.activities.support import Rows
from tests.workflows.running import Runner
from worker.embedded import run_worker
from worker.resources import Resources, open_resources
from zilliance.database import Database
from zilliance.settings import DatabaseSettings, Login, Settings
from zilliance.temporal import connect


@pytest.fixture(scope="session")
async def requests_database(database_settings: DatabaseSettings) -> AsyncGenerator[Database]:
    """The pool of callers, as the API has it."""
    database = Database.of(database_settings, Login.REQUESTS, application_name="test requests")
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def client(settings: Settings) -> Client:
    return await connect(settings.temporal)


@pytest.fixture(scope="session")
async def resources(settings: Settings, client: Client) -> AsyncGenerator[Resources]:
    async with open_resources(settings, client) as resources:
        yield resources


@pytest.fixture(scope="session")
async def worker(resources: Resources) -> AsyncGenerator[None]:
    async with run_worker(resources):
        yield


@pytest.fixture
async def runner(rows: Rows, requests_database: Database, client: Client, worker: None) -> Runner:  # noqa: ARG001
    """One account, whose executions the worker runs eagerly."""
    return await Runner.sign_up(rows, requests_database, client)
