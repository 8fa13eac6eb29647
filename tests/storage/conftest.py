"""A real S3 store, and the platform's door to it."""

from collections.abc import AsyncGenerator

import pytest

from tests.conftest import short_home
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.storage import ObjectStore


@pytest.fixture(scope="session")
async def s3(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    """A stack of the S3 store alone."""
    async with Stack(short_home(tmp_path_factory, "s3"), FREE_PORTS, parts={"s3"}) as stack:
        yield stack


@pytest.fixture(scope="session")
async def store(s3: Stack) -> AsyncGenerator[ObjectStore]:
    store = ObjectStore.of(s3.settings.storage)
    yield store
    await store.close()
