"""Two hundred clients at once: `uv run python -m bench.acknowledge [seconds] [clients]`.

Each client asks for an execution of three tasks, reads its row until it has ended, and asks for the next. What is timed
is the acknowledgement: from the request to the answer that promises the run. Beside it, in the same run, stands what a
request without a database takes under the same load.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench.load import Load, request
from bench.stage import Person, platform, sign_up

SECONDS = 60.0
CLIENTS = 200
ENDED = {"completed", "failed", "cancelled"}
DRAIN_SECONDS = 120.0

THREE_TASKS = {
    "do": [
        {"one": {"set": {"n": 1}}},
        {"two": {"set": {"n": "${ .n + 1 }"}}},
        {"three": {"set": {"n": "${ .n + 1 }"}}},
    ]
}


@dataclass
class Run:
    """What was seen: acknowledgements, requests of no database, and executions by their last known status."""

    acknowledged: Load = field(default_factory=Load)
    idle: Load = field(default_factory=Load)
    statuses: dict[str, str] = field(default_factory=dict)


class Line:
    """One kept connection, with next to no work of its own: the load generator shares the machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, message: bytes) -> tuple[int, bytes]:
        self._writer.write(message)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0)
        return int(head[9:12]), await self._reader.readexactly(length)


@asynccontextmanager
async def line(url: str) -> AsyncGenerator[Line]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", parts.port or 80)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


async def one_client(person: Person, workflow: str, run: Run, until: float) -> None:
    body = json.dumps({"workflowId": workflow, "triggerData": {}}).encode()
    headers = {**person.headers, "Content-Type": "application/json", "Prefer": "respond-async"}
    message = request("POST", f"{person.url}/functions/v1/execute-workflow", headers, body)
    async with line(person.url) as connection:
        while time.perf_counter() < until:
            began = time.perf_counter()
            status, answer = await connection.ask(message)
            if status != 202:
                run.acknowledged.failed += 1
                continue
            run.acknowledged.times.append((time.perf_counter() - began) * 1000)
            identity = str(json.loads(answer)["id"])
            run.statuses[identity] = "pending"
            await _ended(person, connection, identity, run, until + DRAIN_SECONDS)


async def _ended(person: Person, connection: Line, identity: str, run: Run, until: float) -> None:
    path = f"/rest/v1/workflow_executions?select=status&id=eq.{identity}"
    message, pause = request("GET", person.url + path, person.headers), 0.25
    while time.perf_counter() < until:
        await asyncio.sleep(pause)
        status, answer = await connection.ask(message)
        rows: list[dict[str, Any]] = json.loads(answer) if status == 200 else []
        if rows:
            run.statuses[identity] = rows[0]["status"]
        if run.statuses[identity] in ENDED:
            return
        pause = min(pause * 1.5, 2.0)


async def idle_client(person: Person, run: Run, until: float) -> None:
    """What any request waits for on this machine at this moment."""
    message = request("GET", f"{person.url}/healthz", {})
    async with line(person.url) as connection:
        while time.perf_counter() < until:
            began = time.perf_counter()
            await connection.ask(message)
            run.idle.times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.1)


async def measure(person: Person, seconds: float, clients: int) -> Run:
    made = await asyncio.to_thread(person.insert, "workflows", {"name": "three tasks", "config": THREE_TASKS})
    workflow, run = str(made[0]["id"]), Run()
    until = time.perf_counter() + seconds
    watching = asyncio.create_task(idle_client(person, run, until))
    await asyncio.gather(*(one_client(person, workflow, run, until) for _ in range(clients)))
    await watching
    run.acknowledged.seconds = seconds
    return run


async def main(seconds: float, clients: int) -> None:
    async with platform() as stack:
        person = await asyncio.to_thread(sign_up, stack)
        run = await measure(person, seconds, clients)
    acknowledged, idle = run.acknowledged, run.idle
    completed = sum(status == "completed" for status in run.statuses.values())
    print(f"{clients} clients for {seconds:g} s, three tasks\n")
    print("| | p50 ms | p95 ms | p99 ms | a second | failed |")
    print("|---|---|---|---|---|---|")
    print(
        f"| acknowledgement (must: p95 250 or less, none failed) | {acknowledged.quantile(0.5):.0f}"
        f" | {acknowledged.quantile(0.95):.0f} | {acknowledged.quantile(0.99):.0f}"
        f" | {acknowledged.rate:.0f} | {acknowledged.failed} |"
    )
    print(
        f"| no database (/healthz) beside it | {idle.quantile(0.5):.0f} | {idle.quantile(0.95):.0f} |"
        f" {idle.quantile(0.99):.0f} | | |"
    )
    print(f"\nacknowledged {len(run.statuses)}, completed {completed} (must: all)")
    if completed != len(run.statuses) or acknowledged.failed:
        sys.exit(1)


if __name__ == "__main__":
    given = [float(text) for text in sys.argv[1:3]]
    chosen = (*given, *(SECONDS, CLIENTS)[len(given) :])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(float(chosen[0]), int(chosen[1])))
