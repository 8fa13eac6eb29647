"""The whole platform, with foreign services on loopback under the names that the examples call."""

from collections.abc import AsyncGenerator

import pytest

from tests.conftest import short_home
from tests.examples.foreign import Foreign, foreign_services
from tests.examples.person import Person
from zilliance.devstack import FREE_PORTS, Stack


@pytest.fixture(scope="session")
async def services() -> AsyncGenerator[Foreign]:
    async with foreign_services() as running:
        yield running


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, services: Foreign) -> AsyncGenerator[Stack]:
    settings = {**FREE_PORTS, "ZILLIANCE_EGRESS_MAP": services.egress_map}
    async with Stack(short_home(tmp_path_factory, "examples"), settings) as running:
        yield running


@pytest.fixture
def foreign(services: Foreign) -> Foreign:
    """The services, which know nothing yet."""
    services.asked.clear()
    services.answers.clear()
    return services


@pytest.fixture
async def person(stack: Stack) -> AsyncGenerator[Person]:
    facts = stack.describe()
    person = await Person.sign_up(facts["api_url"], facts["anon_key"])
    yield person
    await person.http.aclose()
