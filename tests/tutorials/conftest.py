"""A worker and two API processes' worth of the platform, and a provider that answers as a test says."""

from collections.abc import AsyncGenerator
from decimal import Decimal

import pytest

from tests.tutorials.author import Api, Author, api_of
from worker.embedded import run_worker
from worker.resources import Resources, open_resources
from zilliance.ai_settings import AiSettings
from zilliance.devstack.ai_stand_in import StandInProvider
from zilliance.settings import Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect


@pytest.fixture(scope="session")
async def playing() -> AsyncGenerator[StandInProvider]:
    async with StandInProvider.listening() as provider:
        yield provider


@pytest.fixture(scope="session")
def writing(settings: Settings, playing: StandInProvider) -> Settings:
    """The settings of processes that reach the provider."""
    ai = AiSettings(stand_in_url=playing.url, calls_a_minute=0, tokens_a_day=0, cost_a_month=Decimal(0))
    return settings.model_copy(update={"ai": ai})


@pytest.fixture(scope="session")
async def resources(writing: Settings) -> AsyncGenerator[Resources]:
    store = ObjectStore.of(writing.storage)
    client = await connect(writing.temporal, store)
    async with open_resources(writing, client, store) as resources:
        yield resources
    await store.close()


@pytest.fixture(scope="package")  # no longer: what other tests ask of the same queue is not for this one
async def worker(resources: Resources) -> AsyncGenerator[None]:
    async with run_worker(resources):
        yield


@pytest.fixture(scope="session")
async def api(writing: Settings) -> AsyncGenerator[Api]:
    async with api_of(writing) as api:
        yield api


@pytest.fixture(scope="session")
async def other_api(writing: Settings) -> AsyncGenerator[Api]:
    async with api_of(writing) as api:
        yield api


@pytest.fixture
def provider(playing: StandInProvider) -> StandInProvider:
    """The provider, with an empty script."""
    playing.script.clear()
    playing.calls.clear()
    return playing


@pytest.fixture
async def author(api: Api, worker: None) -> Author:  # noqa: ARG001
    return await api.author()
