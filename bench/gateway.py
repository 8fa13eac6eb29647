"""The API gateway beside bare proxies, its limits and its log under load: `uv run python -m bench.gateway [seconds]`.

Each request of ours carries a key, counts in two limits and becomes a row of the log. The bare proxies do none of that.
"""

import asyncio
import signal
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench.gateway_rivals import nginx, served
from bench.gateway_target import BULK_BYTES
from bench.load import Load, request, run
from bench.paced import paced
from bench.stage import Person, platform, sign_up
from zilliance.devstack import Stack

SECONDS = 8.0
HOST = "https://target.example.com"
RATE = 150
CONNECTIONS = 32
NO_LIMIT = 1_000_000
CALLERS, LIMIT, WINDOW = 200, 100, 60.0
ROUNDS = 3
MEBIBYTE = 1024 * 1024

Way = tuple[str, dict[str, str]]  # a URL, and the headers of a caller
Ways = Mapping[str, Way]  # by their names


@dataclass(frozen=True)
class Published:
    """An owner's gateway, whose key opens all."""

    stack: Stack
    owner: Person
    key: str

    @property
    def url(self) -> str:
        return f"{self.owner.url}/gateway/v1"

    @property
    def headers(self) -> dict[str, str]:
        return {"x-api-key": self.key}

    def endpoint(self, path: str, method: str = "GET", **columns: Any) -> str:
        row = {
            "name": path,
            "path": path,
            "method": method,
            "target_url": HOST + path,
            "rate_limit": NO_LIMIT,
            **columns,
        }
        return str(self.owner.insert("api_endpoints", row)[0]["id"])

    async def logged(self, endpoint: str) -> int:
        """Rows of the log, of an endpoint that nobody calls any more."""
        connection = await asyncpg.connect(self.stack.settings.database.admin_dsn())
        try:
            return int(await connection.fetchval("SELECT count(*) FROM api_requests WHERE endpoint_id = $1", endpoint))
        finally:
            await connection.close()

    async def end(self, number: signal.Signals) -> float:
        """End the API and wait for its successor; when it was ended."""
        before = self.stack.process("api").pid
        at = time.perf_counter()
        await self.stack.kill("api", number)
        await self.stack.ready("api", after=before)
        return at


async def publish(stack: Stack) -> Published:
    owner = await asyncio.to_thread(sign_up, stack)
    arguments = {"name": "bench", "rate_limit": NO_LIMIT}
    key = await asyncio.to_thread(owner.call, "POST", "/rest/v1/rpc/create_api_key", arguments)
    return Published(stack, owner, key["key"])


async def latency(ways: Ways, seconds: float) -> None:
    """In turns, since the machine's speed changes from minute to minute; what is added is beside the direct way."""
    loads: dict[str, list[Load]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (url, headers) in ways.items():
            message = request("GET", f"{url}/small", headers)
            loads[name].append(await paced(url, message, rate=RATE, seconds=seconds))
    print(f"\n{RATE} requests a second, {ROUNDS} times {seconds:.0f} s each in turns, medians of the rounds in ms\n")
    print("| way | p50 | p99 | added p50 (gateway: 4 or less) | added p99 (15 or less) | failed |")
    print("|---|---|---|---|---|---|")
    direct = _middle(loads["direct"], 0.5), _middle(loads["direct"], 0.99)
    for name, found in loads.items():
        p50, p99 = _middle(found, 0.5), _middle(found, 0.99)
        failed = sum(load.failed for load in found)
        print(f"| {name} | {p50:.2f} | {p99:.2f} | {p50 - direct[0]:.2f} | {p99 - direct[1]:.2f} | {failed} |")


def _middle(loads: Sequence[Load], share: float) -> float:
    return statistics.median(load.quantile(share) for load in loads)


async def throughput(ways: Ways, seconds: float) -> None:
    print(f"\n{CONNECTIONS} connections for {seconds:.0f} s, target and load generator on the same cores\n")
    print("| way | a second (gateway: 700 or more) | p50 ms | p99 ms | failed |\n|---|---|---|---|---|")
    for name, (url, headers) in ways.items():
        message = request("GET", f"{url}/small", headers)
        await run(url, message, connections=CONNECTIONS, seconds=1.0)
        load = await run(url, message, connections=CONNECTIONS, seconds=seconds)
        print(f"| {name} | {load.rate:,.0f} | {load.quantile(0.5):.1f} | {load.quantile(0.99):.1f} | {load.failed} |")


async def first_event(published: Published) -> None:
    """From the target's clock to ours, which on one machine are the same."""
    await asyncio.to_thread(published.endpoint, "/events")
    delays: list[float] = []
    async with httpx.AsyncClient(headers=published.headers) as client:
        for _ in range(50):
            async with client.stream("GET", f"{published.url}/events") as answer:
                pieces = answer.aiter_raw()
                delays.extend([(time.perf_counter() - float(piece.split()[1])) * 1000 async for piece in pieces])
    print(f"\nan event is delayed by {statistics.median(delays):.1f} ms, at most {max(delays):.1f} (must: 10 or less)")


async def memory(published: Published) -> None:
    await asyncio.to_thread(published.endpoint, "/bulk")
    await asyncio.to_thread(published.endpoint, "/bulk", "POST")
    process = Path(f"/proc/{published.stack.process('api').pid}")
    async with httpx.AsyncClient(headers=published.headers, timeout=120) as client:
        await client.get(f"{published.url}/small")
        (process / "clear_refs").write_text("5")  # the most so far is what there is now
        before = _most_memory(process)
        async with client.stream("GET", f"{published.url}/bulk") as answer:
            received = sum([len(piece) async for piece in answer.aiter_raw()])
        sent = await client.post(f"{published.url}/bulk", content=bytes(BULK_BYTES))
    grown = (_most_memory(process) - before) / MEBIBYTE
    assert (received, sent.status_code) == (BULK_BYTES, 200), (received, sent.status_code)  # noqa: S101
    print(f"100 MiB there and 100 MiB back: the API grows by {grown:.1f} MiB (must: under 20)")


def _most_memory(process: Path) -> int:
    line = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


async def limit(published: Published) -> None:
    """More callers than the limit lets through; the most that any window of a minute let through."""
    await asyncio.to_thread(published.endpoint, "/limited", rate_limit=LIMIT)
    until = time.perf_counter() + 2.5 * WINDOW
    admitted: list[float] = []
    refused = 0

    async def caller(client: httpx.AsyncClient) -> None:
        nonlocal refused
        while time.perf_counter() < until:
            answer = await client.get(f"{published.url}/limited")
            if answer.status_code == 200:
                admitted.append(time.perf_counter())
            else:
                refused += 1
            await asyncio.sleep(1)

    bounds = httpx.Limits(max_connections=CALLERS)
    async with httpx.AsyncClient(headers=published.headers, limits=bounds, timeout=30) as client:
        await asyncio.gather(*(caller(client) for _ in range(CALLERS)))
    print(
        f"\n{CALLERS} callers against {LIMIT} a minute: {len(admitted)} let through in {2.5 * WINDOW:.0f} s, {refused}"
        f" refused, {_most_within(sorted(admitted))} at most in any window (must: {LIMIT} or less)"
    )


def _most_within(moments: Sequence[float]) -> int:
    window, most = deque[float](), 0
    for moment in moments:
        window.append(moment)
        while window[0] <= moment - WINDOW:
            window.popleft()
        most = max(most, len(window))
    return most


async def log(published: Published, seconds: float) -> None:
    """What the log has of the requests that were answered, after an orderly stop and after `kill -9`."""
    for path, number in (("/stopped", signal.SIGTERM), ("/killed", signal.SIGKILL)):
        endpoint = await asyncio.to_thread(published.endpoint, path)
        message = request("GET", published.url + path, published.headers)
        running = asyncio.create_task(run(published.url, message, connections=CONNECTIONS, seconds=seconds))
        if number == signal.SIGKILL:
            await asyncio.sleep(seconds / 2)
            at = await published.end(number)
            answered = (await running).ends
        else:
            answered = (await running).ends
            at = await published.end(number)
        found = await published.logged(endpoint)
        last = sum(moment > at - 1 for moment in answered)
        wanted = "must: 0" if number == signal.SIGTERM else f"must: {last} or less, the answers of the last second"
        lost = max(0, len(answered) - found)
        print(f"{number.name}: {len(answered)} answered, {found} in the log, {lost} lost ({wanted})")


async def main(seconds: float) -> None:
    async with (
        served("bench.gateway_target") as target,
        served("bench.gateway_rivals", str(target)) as bare,
        platform(ZILLIANCE_EGRESS_MAP=f"{HOST}=http://127.0.0.1:{target}") as stack,
    ):
        published = await publish(stack)
        await asyncio.to_thread(published.endpoint, "/small")
        with tempfile.TemporaryDirectory(prefix="zb") as folder:
            async with nginx(target, Path(folder)) as port:
                others = {"direct": target, "bare aiohttp": bare, **({"bare nginx": port} if port else {})}
                ways: dict[str, Way] = {name: (f"http://127.0.0.1:{port}", {}) for name, port in others.items()}
                ways["gateway"] = (published.url, published.headers)
                await latency(ways, seconds)
                await throughput(ways, seconds)
        await first_event(published)
        await memory(published)
        await log(published, seconds)
        await limit(published)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
