"""One stack of the four back ends for all tests that do not stop it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from zilliance.devstack import FREE_PORTS, Stack

BACK_ENDS = {"postgres", "temporal", "s3", "mail"}


@pytest.fixture(scope="session")
async def back_ends(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    lines: list[str] = []
    home = tmp_path_factory.mktemp("back-ends") / "home"
    async with Stack(home, FREE_PORTS, parts=BACK_ENDS, report=lines.append) as stack:
        assert {line.split()[0] for line in lines if " ready in " in line} == BACK_ENDS
        yield stack


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
