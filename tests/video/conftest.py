"""Both kinds of workers on a real Temporal, PostgreSQL and S3 store, and people who bring videos."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.activities.support import Rows
from tests.media.corpus import kitchen_in
from tests.media.making import Kitchen
from tests.video.studio import Studio
from worker.embedded import run_worker
from worker.media import media_workers
from worker.resources import open_resources
from zilliance.database import Database
from zilliance.settings import Login, Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect


@pytest.fixture(scope="session")
async def store(settings: Settings) -> AsyncGenerator[ObjectStore]:
    store = ObjectStore.of(settings.storage)
    yield store
    await store.close()


@pytest.fixture(scope="session")
async def client(settings: Settings, store: ObjectStore) -> Client:
    return await connect(settings.temporal, store)


@pytest.fixture(scope="session")
async def callers(settings: Settings) -> AsyncGenerator[Database]:
    database = Database.of(settings.database, Login.REQUESTS, application_name="test requests")
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def platform_database(settings: Settings) -> AsyncGenerator[Database]:
    database = Database.of(settings.database, Login.WORKER, application_name="test worker")
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def video_settings(settings: Settings) -> Settings:
    """Presets and slots of tests: small, and the same on every machine."""
    video = settings.video.model_copy(update={"preset": "ultrafast", "slots": 2})
    return settings.model_copy(update={"video": video})


@pytest.fixture(scope="module")  # no longer: what other tests ask of the same queues is not for these
async def workers(video_settings: Settings, client: Client, store: ObjectStore) -> AsyncGenerator[None]:
    async with (
        open_resources(video_settings, client, store) as resources,
        run_worker(resources),
        media_workers(video_settings, store),
    ):
        yield


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Kitchen:
    """Sources of every shape."""
    return kitchen_in(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
async def studio(  # noqa: PLR0917  what it stands on
    rows: Rows,
    callers: Database,
    client: Client,
    store: ObjectStore,
    platform_database: Database,
    workers: None,  # noqa: ARG001
) -> Studio:
    return await Studio.sign_up(rows, callers, client, store, platform_database)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Encoders give way to everything else on the machine: beside other tests they take many times as long."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(900))
