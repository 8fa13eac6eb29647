"""What the gateway's log has when the API ends while requests run: all, or by `kill -9` all but the newest."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import pairwise

import asyncpg
import httpx
import pytest

from tests.conftest import short_home
from tests.unit.upstream import Received, Upstream
from tests.waiting import until
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

HOST = "https://shop.example.com"
CALLERS = 4
LONGEST_PAUSE = 0.2  # seconds between two answers of a machine that does not stand still


@dataclass
class Callers:
    """Who calls one endpoint again and again, and when they had their answers."""

    client: httpx.AsyncClient
    path: str
    answered: list[float] = field(default_factory=list[float])
    is_over: bool = False

    async def call(self) -> None:
        while not self.is_over:
            try:
                answer = await self.client.get(self.path)
            except httpx.TransportError:  # while nobody is there
                await asyncio.sleep(0.05)
            else:
                assert answer.status_code == 200, answer.text
                self.answered.append(time.monotonic())

    async def have_answers(self, number: int) -> None:
        await until(lambda: len(self.answered) >= number)

    async def are_answered_all_the_time(self) -> None:
        """Until there were answers for two seconds without a pause, or a minute is over.

        After a pause of the machine most of the last second's requests are still to be made.
        """
        for _ in range(3000):
            now = time.monotonic()
            moments = [now - 2, *(moment for moment in self.answered if moment > now - 2), now]
            if max(later - earlier for earlier, later in pairwise(moments)) < LONGEST_PAUSE:
                return
            await asyncio.sleep(0.02)


async def endless(_received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"5\r\nhello\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


async def silent(_received: Received, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


@pytest.fixture(scope="module")
async def upstream() -> AsyncGenerator[Upstream]:
    async with Upstream.listening() as upstream:
        upstream.answers.update({"/endless": endless, "/silent": silent})
        yield upstream


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> AsyncGenerator[Stack]:
    overrides = {**FREE_PORTS, "ZILLIANCE_EGRESS_MAP": f"{HOST}={upstream.url}"}
    parts = {"postgres", "migrate", "temporal", "s3", "api"}
    async with Stack(short_home(tmp_path_factory, "gateway"), overrides, parts=parts) as running:
        yield running


@pytest.fixture(scope="module")
async def client(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    """Of somebody with a key for all endpoints of this test."""
    facts = stack.describe()
    async with httpx.AsyncClient(base_url=facts["api_url"], headers={"apikey": facts["anon_key"]}, timeout=60) as owner:
        account = {"email": "owner@example.com", "password": "a long enough password"}
        session = (await owner.post("/auth/v1/signup", json=account)).raise_for_status().json()
        owner.headers["authorization"] = f"Bearer {session['access_token']}"
        rows = [
            {"name": path, "path": path, "target_url": HOST + path, "rate_limit": 1_000_000}
            for path in ("/stopped", "/killed", "/endless", "/silent")
        ]
        (await owner.post("/rest/v1/api_endpoints", json=rows)).raise_for_status()
        key = await owner.post("/rest/v1/rpc/create_api_key", json={"name": "test", "rate_limit": 1_000_000})
        headers = {"x-api-key": key.raise_for_status().json()["key"]}
    async with httpx.AsyncClient(base_url=f"{facts['api_url']}/gateway/v1", headers=headers, timeout=60) as caller:
        yield caller


async def logged(stack: Stack, path: str) -> list[int]:
    """Statuses of a path in the log."""
    connection = await asyncpg.connect(stack.settings.database.admin_dsn())
    found = await connection.fetch("SELECT status_code FROM api_requests WHERE path = $1", path)
    await connection.close()
    return [row["status_code"] for row in found]


async def end(stack: Stack, number: signal.Signals) -> tuple[float, float]:
    """End the API, and come back when its successor works. Between which moments it was ended."""
    pid, before = stack.process("api").pid, time.monotonic()
    await stack.kill("api", number)
    after = time.monotonic()
    await stack.ready("api", after=pid)
    return before, after


async def settled(stack: Stack, path: str, callers: Callers, tasks: list[asyncio.Task[None]]) -> list[int]:
    """The log when the callers of a path are gone and the API that answered them last has been stopped in order."""
    callers.is_over = True
    await asyncio.gather(*tasks)
    await end(stack, signal.SIGTERM)
    return await logged(stack, path)


async def test_a_stop_in_order_loses_no_request_of_the_log(stack: Stack, client: httpx.AsyncClient) -> None:
    callers = Callers(client, "/stopped")
    calling = [asyncio.create_task(callers.call()) for _ in range(CALLERS)]
    waiting = asyncio.create_task(client.get("/silent"))
    async with client.stream("GET", "/endless") as following:
        pieces = following.aiter_raw()
        await anext(pieces)
        await callers.have_answers(100)
        await end(stack, signal.SIGTERM)
        refused = await waiting
        assert (refused.status_code, refused.json()["code"]) == (503, "STOPPING")
        assert refused.headers["retry-after"] == "1"
        with pytest.raises(httpx.RemoteProtocolError):
            [_ async for _ in pieces]
    found = await settled(stack, "/stopped", callers, calling)
    assert found.count(200) == len(callers.answered)
    # Those that the stop did not wait for are logged as what they became.
    assert await logged(stack, "/silent") == [503]
    assert await logged(stack, "/endless") == [503]


async def test_a_kill_loses_the_last_second_of_the_log_at_most(stack: Stack, client: httpx.AsyncClient) -> None:
    callers = Callers(client, "/killed")
    calling = [asyncio.create_task(callers.call()) for _ in range(CALLERS)]
    await callers.have_answers(100)
    await callers.are_answered_all_the_time()
    before, after = await end(stack, signal.SIGKILL)
    found = await settled(stack, "/killed", callers, calling)
    lost = len(callers.answered) - found.count(200)
    assert lost <= sum(before - 1 < moment <= after + 0.5 for moment in callers.answered)
    assert found.count(200) >= 100
