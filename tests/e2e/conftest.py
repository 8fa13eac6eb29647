"""The official clients, and what an owner adds by SQL, on the whole platform."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from storage3._async.file_api import AsyncBucketProxy
from supabase import AsyncClient

from tests.e2e.python_client import Person, Python
from tests.packages import NODE, install
from zilliance.devstack.stack import Stack

HERE = Path(__file__).parent
CLIENTS = HERE / "clients"
RunScript = Callable[[str], Awaitable[dict[str, Any]]]


async def _node(*arguments: str, **variables: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        NODE / "bin" / "node",
        *arguments,
        cwd=CLIENTS,
        env={"PATH": "/usr/bin:/bin", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out


@pytest.fixture(scope="session")
async def javascript(platform: Stack) -> RunScript:
    """Runs a script of `clients/` in Node against the platform; gives the JSON object that it prints."""
    await install(CLIENTS)
    facts = platform.describe()

    async def run(script: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await _node(script, URL=facts["api_url"], ANON_KEY=facts["anon_key"]))
        return answer

    return run


@pytest.fixture(scope="session")
async def owners_connection(platform: Stack) -> AsyncGenerator[asyncpg.Connection]:
    """The database as the owner of the platform has it, with the library added; without it again at the end."""
    connection = await asyncpg.connect(platform.settings.database.admin_dsn())
    await connection.execute((HERE / "library.sql").read_text())
    yield connection
    await connection.execute((HERE / "library_away.sql").read_text())
    await connection.close()


@pytest.fixture(scope="module")
async def library(owners_connection: asyncpg.Connection) -> None:
    """The library as it was at first: without the rows that another module's tests added."""
    await owners_connection.execute("DELETE FROM public.books WHERE id > 100")
    await owners_connection.execute("DELETE FROM public.authors WHERE id > 100")


@pytest.fixture(scope="session")
async def python(platform: Stack) -> AsyncGenerator[Python]:
    """Makes clients of the official Python package for the platform."""
    facts = platform.describe()
    async with httpx.AsyncClient(timeout=30) as http:
        yield Python(facts["api_url"], facts["anon_key"], facts["service_role_key"], http)


@pytest.fixture(scope="session")
async def db(python: Python) -> AsyncClient:
    """The client of somebody who did not sign in."""
    return await python.client()


@pytest.fixture(scope="module")
async def owner(python: Python) -> Person:
    """Somebody who has signed up."""
    return await python.person()


@pytest.fixture(scope="module")
async def other(python: Python) -> Person:
    """Somebody else."""
    return await python.person()


@pytest.fixture
def mine(owner: Person) -> AsyncBucketProxy:
    """A private bucket as the owner has it."""
    return owner.client.storage.from_("documents")
