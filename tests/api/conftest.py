"""One data API for all tests of it, over the session's database."""

from collections.abc import AsyncGenerator

import pytest

from tests.api.served import Person, Served, served
from zilliance.settings import Settings


@pytest.fixture(scope="session")
async def api(settings: Settings) -> AsyncGenerator[Served]:
    async with served(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def owner(api: Served) -> Person:
    return await api.person()


@pytest.fixture(scope="module")
async def stranger(api: Served) -> Person:
    return await api.person()
