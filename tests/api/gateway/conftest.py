"""Owners of their own for tests of the gateway."""

import pytest

from tests.api.gateway.owners import Owner, new_owner
from tests.api.served import Served


@pytest.fixture
async def publisher(api: Served) -> Owner:
    return await new_owner(api)


@pytest.fixture
async def rival(api: Served) -> Owner:
    return await new_owner(api)
