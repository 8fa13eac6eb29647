"""Chromium, hls.js and the example's page, served to it; and a film to play."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.activities.support import Rows
from tests.api.playback.conftest import Cinema, film, proxy
from tests.api.playback.films import Film
from tests.api.playback.publishing import new_run
from tests.api.served import Person, Served, served
from tests.packages import NODE, install, one_at_a_time
from zilliance.settings import Settings

__all__ = ["film", "proxy"]

ROOT = Path(__file__).parents[2]
BROWSER = Path(__file__).parent / "browser"
ARTEFACTS = ROOT / ".zilliance" / "test-artefacts"

Play = Callable[..., Awaitable[dict[str, Any]]]


async def _run(*command: str, **variables: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=BROWSER,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.fixture(scope="session")
async def chromium() -> str:
    """The browser's path. It is installed where it is missing and can be; else the tests say why they are skipped."""
    async with one_at_a_time(BROWSER / "package.json"):
        found = await _chromium()
    if found is None:
        pytest.skip("there is no chromium, and only root may install it: apt-get install chromium")
    return found


async def _chromium() -> str | None:
    found = shutil.which("chromium")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (("apt-get", "update"), ("apt-get", "install", "-y", "--no-install-recommends", "chromium")):
            status, out = await _run(*command, DEBIAN_FRONTEND="noninteractive")
            if status:
                pytest.skip(f"chromium cannot be installed: {' '.join(command)}: {out.strip()[-300:]}")
        found = shutil.which("chromium")
    return found


@pytest.fixture(scope="session")
async def packages() -> None:
    """hls.js and what drives the browser."""
    await install(BROWSER)


@pytest.fixture(scope="session")
async def page() -> AsyncGenerator[str]:
    """Where the example's page is: another origin than the API's."""
    app = web.Application()
    app.router.add_static("/", ROOT / "examples" / "player")
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/index.html"
    await runner.cleanup()


@asynccontextmanager
async def playing(chromium: str, page: str, **story: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The browser at work; whatever happens, it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        NODE / "bin" / "node",
        "play.mjs",
        cwd=BROWSER,
        env={**os.environ, "STORY": json.dumps({"page": page, "chromium": chromium, **story})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@pytest.fixture
def play(chromium: str, packages: None, page: str) -> Play:
    """Plays a story of `play.mjs`, and gives what was seen."""
    del packages

    async def run(**story: str) -> dict[str, Any]:
        async with playing(chromium, page, **story) as process:
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        seen: dict[str, Any] = json.loads(out)
        return seen

    return run


@pytest.fixture(scope="session")
async def api(settings: Settings) -> AsyncGenerator[Served]:
    async with served(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def owner(api: Served) -> Person:
    return await api.person()


@pytest.fixture(scope="module")
async def cinema(api: Served, rows: Rows, owner: Person, film: Film) -> Cinema:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film)
    return Cinema(api, owner, run)
