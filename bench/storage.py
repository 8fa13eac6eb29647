"""Large bodies through the API beside the same client at the store's own door: `uv run python -m bench.storage`.

Prints the speed of each, their ratio, the CPU time that the processes took for a gigabyte, and how much the API's
memory grew meanwhile.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from os import urandom
from statistics import median

import aiohttp
import boto3
import psutil
from botocore.config import Config

from bench.stage import platform
from zilliance.devstack import Stack

GIBIBYTE = 1024**3
ROUNDS = 3
CHUNK = 256 * 1024
PATTERN = urandom(CHUNK)
SAMPLE_SECONDS = 0.02
KEY = "bench/body.mp4"
WANTED_RATIO = 0.8
MOST_GROWTH = 64e6

Transfer = Callable[[], Awaitable[None]]


async def body(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // CHUNK):
        yield PATTERN


@dataclass
class Sides:
    """The same transfers through the API and at the store's own door."""

    http: aiohttp.ClientSession
    url: str
    key: str
    direct_put: str
    direct_get: str
    size: int

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "x-upsert": "true", "Content-Type": "video/mp4"}

    async def up(self) -> None:
        await self._send("POST", self.url, self.headers)

    async def up_direct(self) -> None:
        await self._send("PUT", self.direct_put, {})

    async def down(self) -> None:
        await self._receive(self.url, self.headers)

    async def down_direct(self) -> None:
        await self._receive(self.direct_get, {})

    async def _send(self, method: str, url: str, headers: dict[str, str]) -> None:
        with_length = {**headers, "Content-Length": str(self.size)}
        async with self.http.request(method, url, data=body(self.size), headers=with_length) as answer:
            assert answer.status == 200, await answer.text()  # noqa: S101

    async def _receive(self, url: str, headers: dict[str, str]) -> None:
        received = 0
        async with self.http.get(url, headers=headers) as answer:
            async for chunk in answer.content.iter_any():
                received += len(chunk)
        assert received == self.size, received  # noqa: S101


@asynccontextmanager
async def sides(stack: Stack, size: int) -> AsyncGenerator[Sides]:
    storage, facts = stack.settings.storage, stack.describe()
    client = boto3.client(
        "s3",
        endpoint_url=storage.endpoint,
        region_name=storage.region,
        aws_access_key_id=storage.access_key,
        aws_secret_access_key=storage.secret_key.get_secret_value(),
        config=Config(signature_version="s3v4", proxies={}),
    )
    place = {"Bucket": storage.bucket, "Key": "bench"}
    put, get = (client.generate_presigned_url(verb, Params=place) for verb in ("put_object", "get_object"))
    url = f"{facts['api_url']}/storage/v1/object/videos/{KEY}"
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as http:
        yield Sides(http, url, facts["service_role_key"], put, get, size)


def processes(stack: Stack) -> dict[str, psutil.Process]:
    return {name: psutil.Process(stack.process(name).pid) for name in ("api", "s3")}


async def measure(name: str, transfer: Transfer, size: int, watched: dict[str, psutil.Process]) -> float:
    """Bytes a second of one transfer; says what it cost."""
    before = {each: sum(process.cpu_times()[:2]) for each, process in watched.items()}
    start = time.perf_counter()
    await transfer()
    seconds = time.perf_counter() - start
    spent = {each: sum(process.cpu_times()[:2]) - before[each] for each, process in watched.items()}
    cost = ", ".join(f"{each} {cpu * GIBIBYTE / size:.1f} s" for each, cpu in spent.items())
    print(f"| {name} | {size / seconds / 1e6:.0f} MB/s | {cost} |")
    return size / seconds


async def ratios(stack: Stack, size: int, rounds: int) -> None:
    """Turn by turn: the machine's speed changes from minute to minute."""
    watched = processes(stack)
    print(f"{size / GIBIBYTE:g} GiB\n\n| transfer | speed | CPU time a GiB |\n|---|---|---|")
    speeds: dict[str, list[float]] = {}
    async with sides(stack, size) as both:
        for _ in range(rounds):
            for transfer in (both.up_direct, both.up, both.down_direct, both.down):
                name = transfer.__name__
                speeds.setdefault(name, []).append(await measure(name, transfer, size, watched))
    for way in ("up", "down"):
        through, direct = median(speeds[way]), median(speeds[f"{way}_direct"])
        wanted = f" (must: {WANTED_RATIO} or more)" if way == "up" else ""
        print(f"\n{way}: {through / direct:.2f} of the store's own speed{wanted}")


async def growth(stack: Stack, size: int) -> None:
    """How far the API's resident memory rises above where it stood."""
    api = processes(stack)["api"]
    async with sides(stack, size) as both:
        for transfer in (both.up, both.down):
            before = most = api.memory_info().rss
            running = asyncio.ensure_future(transfer())
            while not running.done():
                most = max(most, api.memory_info().rss)
                await asyncio.sleep(SAMPLE_SECONDS)
            await running
            print(
                f"\n{transfer.__name__} of {size / GIBIBYTE:g} GiB: memory grew by {(most - before) / 1e6:.0f} MB"
                f" (must: less than {MOST_GROWTH / 1e6:.0f})"
            )


async def main(size: int) -> None:
    async with platform() as stack:
        await growth(stack, 2 * size)
        await ratios(stack, size, ROUNDS)


if __name__ == "__main__":
    asyncio.run(main(int(float(sys.argv[1]) * GIBIBYTE) if len(sys.argv) > 1 else GIBIBYTE))
