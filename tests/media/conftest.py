"""What tests of media work with: tools, files, and a listener that nobody may call."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio

from activities.media.tools import MediaTools, find_ffmpeg
from tests.media.corpus import kitchen_in
from tests.media.footage import lossless
from tests.media.making import Kitchen
from zilliance.processes import Processes


class Canary:
    """A server that counts who connects; hostile files have its address in them."""

    def __init__(self) -> None:
        self.calls = 0
        self.address = ""

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncGenerator[Self]:
        canary = cls()
        server = await asyncio.start_server(canary.heard, "127.0.0.1", 0)
        canary.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield canary

    async def heard(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        writer.close()


@pytest_asyncio.fixture(scope="session")
async def canary() -> AsyncGenerator[Canary]:
    async with Canary.listening() as canary:
        yield canary


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> Kitchen:
    return kitchen_in(tmp_path_factory.mktemp("corpus"), canary.address)


@pytest.fixture(scope="session")
def tools() -> MediaTools:
    return MediaTools(processes=Processes(), ffmpeg=find_ffmpeg())


@pytest.fixture(scope="session")
def exact() -> Iterator[MediaTools]:
    """Tools whose encoder keeps every pixel. Its folder is no folder of pytest's, into which nobody else may look."""
    with tempfile.TemporaryDirectory(prefix="zilliance-tests-") as folder:
        yield MediaTools(processes=Processes(), ffmpeg=lossless(Path(folder)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Programs are run on Linux alone."""
    if sys.platform != "linux":
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.skip(reason="programs are run on Linux alone"))
