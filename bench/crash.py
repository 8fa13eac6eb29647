"""`kill -9` of random parts while executions run: `uv run python -m bench.crash [kills] [in flight]`.

Every execution makes two rows under its own mark with a pause between them, and one in three fails in the end and is
rolled back. A client repeats a request under the same
Idempotency-Key until it is acknowledged. In the end every acknowledged execution has ended within 60 s of the last
recovery, with the rows that its ending says, each once.
"""

import asyncio
import random
import sys
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.stage import Person, platform, sign_up
from zilliance.devstack import Stack

KILLS = 100
IN_FLIGHT = 200
PARTS = ("api", "worker", "temporal", "postgres", "s3")
ENDED = {"completed", "failed", "cancelled"}
RECOVERED_SECONDS = 60.0
PAGE = 100


def _contact(step: str) -> dict[str, Any]:
    values = {"type": "individual", "first_name": f'${{ $workflow.input.mark + "-{step}" }}'}
    return {"call": "create-row", "with": {"table": "contacts", "values": values}}


DEFINITION = {
    "do": [
        {"one": _contact("one")},
        {"pause": {"wait": {"seconds": 2}}},
        {"two": _contact("two")},
        {
            "refuse": {
                "if": "${ $workflow.input.fail }",
                "raise": {"error": {"type": "https://example.com/errors/refused", "status": 400, "title": "Refused"}},
            }
        },
    ]
}


@dataclass
class Ledger:
    """What was promised: acknowledged executions, and whether each is to fail."""

    marks: dict[str, str] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    repeats: int = 0
    running: bool = True


async def acknowledged(client: httpx.AsyncClient, workflow: str, ledger: Ledger) -> str:
    """Start one execution; repeat under one key until it is acknowledged."""
    mark, key = uuid.uuid4().hex, uuid.uuid4().hex
    fail = random.random() < 1 / 3
    body = {"workflowId": workflow, "triggerData": {"mark": mark, "fail": fail}}
    headers = {"Prefer": "respond-async", "Idempotency-Key": key}
    while True:
        try:
            answer = await client.post("/functions/v1/execute-workflow", json=body, headers=headers)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code in (200, 202):
            identity = str(answer.json()["id"])
            ledger.marks[identity] = mark
            if fail:
                ledger.failing.add(identity)
            return identity
        if answer is not None and answer.status_code < 500:
            raise AssertionError(f"refused: {answer.status_code} {answer.text}")
        ledger.repeats += 1
        await asyncio.sleep(0.3)


async def read(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """Rows, asked for until the platform answers."""
    while True:
        try:
            answer = await client.get(path)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 200:
            return list(answer.json())
        await asyncio.sleep(0.3)


async def keep_in_flight(client: httpx.AsyncClient, workflow: str, ledger: Ledger) -> None:
    """One client: start an execution, wait for its end, start the next."""
    while ledger.running:
        identity = await acknowledged(client, workflow, ledger)
        while ledger.running:
            rows = await read(client, f"/rest/v1/workflow_executions?select=status&id=eq.{identity}")
            if rows and rows[0]["status"] in ENDED:
                break
            await asyncio.sleep(1)


async def open_executions(client: httpx.AsyncClient) -> int:
    rows = await read(client, "/rest/v1/workflow_executions?select=id&status=in.(pending,running)&limit=1000")
    return len(rows)


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """Wait until something holds, but no longer than so many seconds."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if await holds():
            return
        await asyncio.sleep(0.5)


async def _enough(ledger: Ledger, in_flight: int) -> bool:
    return len(ledger.marks) >= in_flight


async def _none_open(client: httpx.AsyncClient) -> bool:
    return not await open_executions(client)


async def kill_at_random(stack: Stack, kills: int) -> Counter[str]:
    """Kill one part after the other, some before the last one is back."""
    killed: Counter[str] = Counter()
    for number in range(kills):
        part = random.choice(PARTS)
        before = stack.process(part).pid
        if before is not None:
            await stack.kill(part)
            killed[part] += 1
        if random.random() < 0.7:
            await stack.ready(part, after=before, seconds=120)
        await asyncio.sleep(random.uniform(0.1, 2.0))
        if number % 10 == 9:
            print(f"{number + 1} kills: {dict(killed)}", flush=True)
    for part in PARTS:
        await stack.ready(part, seconds=120)
    return killed


async def verdict(client: httpx.AsyncClient, ledger: Ledger) -> list[str]:
    """What does not hold, of every promise."""
    faults: list[str] = []
    identities = list(ledger.marks)
    for start in range(0, len(identities), PAGE):
        page = identities[start : start + PAGE]
        listed = ",".join(page)
        rows = await read(client, f"/rest/v1/workflow_executions?select=id,status,error_message&id=in.({listed})")
        known = {str(row["id"]): row for row in rows}
        marks = {ledger.marks[identity]: identity for identity in page}
        contacts: Counter[str] = Counter()
        names = ",".join(f"{mark}-{step}" for mark in marks for step in ("one", "two"))
        found = await read(client, f"/rest/v1/contacts?select=first_name&first_name=in.({names})&limit=1000")
        contacts.update(str(row["first_name"]) for row in found)
        for identity in page:
            faults += _faults_of(identity, known.get(identity), ledger, contacts)
    return faults


def _faults_of(identity: str, row: dict[str, Any] | None, ledger: Ledger, contacts: Counter[str]) -> list[str]:
    if row is None:
        return [f"{identity}: lost"]
    wanted = "failed" if identity in ledger.failing else "completed"
    faults = [] if row["status"] == wanted else [f"{identity}: {row['status']}, not {wanted}: {row['error_message']}"]
    each = 0 if wanted == "failed" else 1
    for step in ("one", "two"):
        times = contacts[f"{ledger.marks[identity]}-{step}"]
        if times != each:
            faults.append(f"{identity}: its row {step} is there {times} times, not {each}")
    return faults


async def run(stack: Stack, person: Person, kills: int, in_flight: int) -> bool:
    workflow = str(person.insert("workflows", {"name": "crash", "config": DEFINITION})[0]["id"])
    ledger = Ledger()
    limits = httpx.Limits(max_connections=in_flight + 10)
    async with httpx.AsyncClient(base_url=person.url, headers=person.headers, timeout=60, limits=limits) as client:
        began = time.perf_counter()
        clients = [asyncio.create_task(keep_in_flight(client, workflow, ledger)) for _ in range(in_flight)]
        await until(lambda: _enough(ledger, in_flight), seconds=300)
        print(f"{in_flight} executions in flight after {time.perf_counter() - began:.0f} s", flush=True)
        killed = await kill_at_random(stack, kills)
        ledger.running = False
        recovered = time.perf_counter()
        await asyncio.gather(*clients)
        await until(lambda: _none_open(client), seconds=RECOVERED_SECONDS)
        left, seconds = await open_executions(client), time.perf_counter() - recovered
        faults = await verdict(client, ledger)
    print()
    print("| kills | of which | executions | of which roll back | requests repeated | still open | lost or doubled |")
    print("|---|---|---|---|---|---|---|")
    parts = ", ".join(f"{part} {times}" for part, times in sorted(killed.items()))
    print(
        f"| {killed.total()} | {parts} | {len(ledger.marks)} | {len(ledger.failing)} | {ledger.repeats}"
        f" | {left} after {seconds:.0f} s | {len(faults)} |"
    )
    for fault in faults[:20]:
        print(fault)
    return not faults and not left


async def main(kills: int, in_flight: int) -> None:
    async with platform(ZILLIANCE_WORKFLOW__RECONCILE_SECONDS="5") as stack:
        person = await asyncio.to_thread(sign_up, stack, "crash@example.com")
        if not await run(stack, person, kills, in_flight):
            sys.exit(1)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:3]]
    asyncio.run(main(*given, *(KILLS, IN_FLIGHT)[len(given) :]))
