"""Executions through the API beside the bare SDK on the same Temporal: `uv run python -m bench.workflows`."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count

from temporalio.client import Client

from bench.bare import QUEUE, Empty, TenLocal
from bench.load import Load, request, run
from bench.stage import Person, platform, sign_up

SECONDS = 8.0
CLIENTS = 20

HUNDRED = {"do": [{f"step{n}": {"set": {"n": n}}} for n in range(100)]}
PURE = {"do": [{f"step{n}": {"set": {"n": n}}} for n in range(3)]}
ROWS = {
    "do": [
        {
            f"row{n}": {
                "call": "create-row",
                "with": {"table": "contacts", "values": {"type": "individual", "first_name": "B"}},
            }
        }
        for n in range(10)
    ]
}


async def bare(client: Client, kind: type, *, clients: int, seconds: float) -> Load:
    """Start workflows of the bare SDK, each client one after the other, and wait for each."""
    load, numbers = Load(), count()
    start = time.perf_counter()

    async def one_client() -> None:
        while time.perf_counter() - start < seconds:
            began = time.perf_counter()
            identity = f"bench-{kind.__name__}-{id(load)}-{next(numbers)}"
            await client.execute_workflow(kind.run, id=identity, task_queue=QUEUE)
            load.times.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(one_client() for _ in range(clients)))
    load.seconds = time.perf_counter() - start
    return load


async def ours(person: Person, workflow_id: str, *, clients: int, seconds: float) -> Load:
    """Execute a definition through the API and wait for its result."""
    url = f"{person.url}/functions/v1/execute-workflow"
    body = json.dumps({"workflowId": workflow_id, "triggerData": {}}).encode()
    message = request("POST", url, {**person.headers, "Content-Type": "application/json"}, body)
    return await run(url, message, connections=clients, seconds=seconds)


def define(person: Person, name: str, config: object) -> str:
    made = person.insert("workflows", {"name": name, "config": config})
    return str(made[0]["id"])


async def main(seconds: float) -> None:
    async with platform() as stack:
        person = await asyncio.to_thread(sign_up, stack)
        pure = await asyncio.to_thread(define, person, "three pure tasks", PURE)
        rows = await asyncio.to_thread(define, person, "ten rows", ROWS)
        hundred = await asyncio.to_thread(define, person, "a hundred pure tasks", HUNDRED)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.bare", stack.settings.temporal.address, stdout=asyncio.subprocess.PIPE
        )
        assert worker.stdout is not None  # noqa: S101
        await worker.stdout.readline()
        client = await Client.connect(stack.settings.temporal.address)
        pairs: list[tuple[str, Callable[..., Awaitable[Load]], str, Callable[..., Awaitable[Load]]]] = [
            ("three pure tasks", lambda **k: ours(person, pure, **k), "Empty", lambda **k: bare(client, Empty, **k)),
            (
                "ten create-row",
                lambda **k: ours(person, rows, **k),
                "TenLocal",
                lambda **k: bare(client, TenLocal, **k),
            ),
        ]
        try:
            print("| API | bare SDK | clients | p50 ms API | bare | ratio | a second API | bare | ratio | failed |")
            print("|---|---|---|---|---|---|---|---|---|---|")
            alone: list[tuple[float, float]] = []
            for name, mine, reference, theirs in pairs:
                for clients in (1, CLIENTS):
                    await mine(clients=clients, seconds=1.5)
                    await theirs(clients=clients, seconds=1.5)
                    a, b = await mine(clients=clients, seconds=seconds), await theirs(clients=clients, seconds=seconds)
                    print(
                        f"| {name} | {reference} | {clients} | {a.quantile(0.5):.1f} | {b.quantile(0.5):.1f}"
                        f" | {a.quantile(0.5) / b.quantile(0.5):.2f} | {a.rate:.1f} | {b.rate:.1f}"
                        f" | {a.rate / b.rate:.2f} | {a.failed} |"
                    )
                    if clients == 1:
                        alone.append((a.quantile(0.5), b.quantile(0.5)))
            (pure_ms, empty_ms), (rows_ms, local_ms) = alone
            task, step = (rows_ms - pure_ms) / 10, (local_ms - empty_ms) / 10
            await ours(person, hundred, clients=1, seconds=1.5)
            many = await ours(person, hundred, clients=1, seconds=seconds)
            few = await ours(person, pure, clients=1, seconds=seconds)
            added = many.quantile(0.5) - few.quantile(0.5)
            print(f"\na hundred set tasks instead of three add {added:.1f} ms (must: 15 or less)")
            print(f"\nwhat each of the ten adds: create-row {task:.1f} ms, empty local activity {step:.1f} ms")
        finally:
            worker.terminate()
            await worker.wait()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
