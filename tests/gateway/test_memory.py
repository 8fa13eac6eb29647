"""What passes through the gateway is never held: the memory of an API process does not grow with it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import short_home
from tests.memory import memory_of
from tests.unit.upstream import Received, Upstream
from zilliance.devstack import FREE_PORTS, Stack

MEBIBYTE = 1024 * 1024
SIZE = 100 * MEBIBYTE
MOST_GROWTH = 20 * MEBIBYTE
PIECE = bytes(range(256)) * 1024
HOST = "https://shop.example.com"


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // len(PIECE)):
        yield PIECE


async def large(_received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n".encode())
    async for piece in pieces(SIZE):
        writer.write(piece)
        await writer.drain()


async def published(stack: Stack, http: httpx.AsyncClient) -> str:
    """Sign up, publish an endpoint for either way, and answer with a key for both."""
    described = stack.describe()
    http.headers["apikey"] = described["anon_key"]
    account = {"email": "owner@example.com", "password": "a long enough password"}
    token = (await http.post("/auth/v1/signup", json=account)).json()["access_token"]
    http.headers["authorization"] = f"Bearer {token}"
    for method in ("GET", "PUT"):
        row = {"name": "large", "path": "/large", "method": method, "target_url": f"{HOST}/{method}"}
        answer = await http.post("/rest/v1/api_endpoints", json=row)
        assert answer.status_code == 201, answer.text
    return str((await http.post("/rest/v1/rpc/create_api_key", json={"name": "key"})).json()["key"])


@pytest.mark.timeout(600)
async def test_a_hundred_megabytes_each_way_leave_no_trace_in_memory(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with Upstream.listening() as upstream:
        upstream.answers["/GET"] = large
        settings = {
            **FREE_PORTS,
            "ZILLIANCE_EGRESS_MAP": f"{HOST}={upstream.url}",
            "ZILLIANCE_WORKFLOW__IN_API": "false",
        }
        home = short_home(tmp_path_factory, "memory")
        async with (
            Stack(home, settings, parts={"postgres", "migrate", "temporal", "s3", "api"}) as stack,
            httpx.AsyncClient(timeout=120) as http,
        ):
            http.base_url = stack.describe()["api_url"]
            key = await published(stack, http)
            pid = stack.process("api").pid
            assert pid is not None

            async def upload(size: int) -> str:
                answer = await http.put("/gateway/v1/large", content=pieces(size), headers={"x-api-key": key})
                return str(answer.json()["sha256"])

            async def download() -> str:
                digest = hashlib.sha256()
                async with http.stream("GET", "/gateway/v1/large", headers={"x-api-key": key}) as answer:
                    async for piece in answer.aiter_raw():
                        digest.update(piece)
                return digest.hexdigest()

            await upload(4 * MEBIBYTE)  # what is loaded once
            before = most = memory_of(pid)
            passing = asyncio.gather(upload(SIZE), download())
            while not passing.done():
                most = max(most, memory_of(pid))
                await asyncio.sleep(0.02)
            expected = hashlib.sha256(PIECE * (SIZE // len(PIECE))).hexdigest()
            assert await passing == [expected, expected]
    assert most - before < MOST_GROWTH, f"{(most - before) / MEBIBYTE:.1f} MiB"
