"""A worker on a real Temporal and a real database, and accounts whose definitions it runs."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from tests.activities.support import Rows
from tests.unit.http_stand_in import StandIn
from tests.workflows.people import People, people_of
from tests.workflows.post_office import PostOffice, post_office
from tests.workflows.running import Runner
from worker.embedded import run_worker
from worker.resources import Resources, open_resources
from zilliance.database import Database
from zilliance.devstack.ai_stand_in import StandInProvider
from zilliance.settings import DatabaseSettings, Login, Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect


@pytest.fixture(scope="session")
async def requests_database(database_settings: DatabaseSettings) -> AsyncGenerator[Database]:
    """The pool of callers, as the API has it."""
    database = Database.of(database_settings, Login.REQUESTS, application_name="test requests")
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def store(settings: Settings) -> AsyncGenerator[ObjectStore]:
    store = ObjectStore.of(settings.storage)
    yield store
    await store.close()


@pytest.fixture(scope="session")
async def client(settings: Settings, store: ObjectStore) -> Client:
    return await connect(settings.temporal, store)


@pytest.fixture(scope="session")
async def outside() -> AsyncGenerator[StandIn]:
    """What answers executions under `http://outside.example.com`."""
    async with StandIn.listening() as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
async def office() -> AsyncGenerator[PostOffice]:
    """The mail server that the worker hands mail to."""
    async with post_office() as office:
        yield office


@pytest.fixture(scope="session")
async def ai_stand_in() -> AsyncGenerator[StandInProvider]:
    """What answers executions as a language model."""
    async with StandInProvider.listening() as provider:
        yield provider


@pytest.fixture(scope="session")
async def people(settings: Settings) -> AsyncGenerator[People]:
    async with people_of(settings) as people:
        yield people


@pytest.fixture(scope="session")
async def resources(
    settings: Settings,
    client: Client,
    store: ObjectStore,
    outside: StandIn,
    office: PostOffice,
    *,
    ai_stand_in: StandInProvider,
) -> AsyncGenerator[Resources]:
    mail = settings.mail.model_copy(update={"port": office.port})
    egress = {"http://outside.example.com": outside.url}
    ai = settings.ai.model_copy(update={"stand_in_url": ai_stand_in.url})
    settings = settings.model_copy(update={"egress_map": egress, "mail": mail, "ai": ai})
    async with open_resources(settings, client, store) as resources:
        yield resources


@pytest.fixture(scope="package")  # no longer: what other tests ask of the same queue is not for this one
async def worker(resources: Resources) -> AsyncGenerator[None]:
    async with run_worker(resources):
        yield


@pytest.fixture
async def runner(rows: Rows, requests_database: Database, client: Client, worker: None) -> Runner:  # noqa: ARG001
    """One account, whose executions the worker runs eagerly."""
    return await Runner.sign_up(rows, requests_database, client)
