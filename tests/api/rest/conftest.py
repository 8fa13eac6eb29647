"""Tables that no model knows, related in every way that there is."""

from collections.abc import AsyncGenerator

import pytest

from tests.api.rest.asking import Shop, opened
from zilliance.settings import DatabaseSettings


@pytest.fixture(scope="package")
async def shop(database_settings: DatabaseSettings) -> AsyncGenerator[Shop]:
    async with opened(database_settings) as found:
        yield found
