"""A six-step saga over HTTP, and the outside that it books with: it remembers every call in order, and can hold one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HOST = "http://saga.example.com"
PATIENCE = {"timeout": {"after": {"minutes": 5}}}  # an undoing that is held is not given up
STEPS = ("reserve", "charge", "pack", "ship", "invoice", "thank")


def _call(method: str, action: str, step: str) -> dict[str, Any]:
    endpoint = f'${{ "{HOST}/\\($workflow.input.run)/{action}/{step}" }}'
    return {"call": "http", "with": {"method": method, "endpoint": endpoint}}


def _step(step: str) -> dict[str, Any]:
    """It books, and can then hold until the execution is cancelled."""
    book = {
        "book": _call("POST", "do", step)
        | {"metadata": {"compensate": [{"undo": _call("DELETE", "undo", step) | PATIENCE}]}}
    }
    hold = {"hold": {"if": f'${{ $workflow.input.hold == "{step}" }}', "wait": "PT1H"}}
    return {step: {"do": [book, hold]}}


SAGA = {
    "do": [
        *(_step(step) for step in STEPS),
        {"refuse": {"raise": {"error": {"type": "https://example.com/errors/refused", "status": 400}}}},
    ]
}


@dataclass
class Outside:
    """What was called: `(run, action, step, idempotency key)` in the order in which it came.

    Attributes:
        refusing: runs whose step is refused.
        holding: runs whose undo of a step is held until `released`, and then cut off.
        held: the runs that have come to that.
    """

    calls: list[tuple[str, str, str, str]] = field(default_factory=list[tuple[str, str, str, str]])
    refusing: dict[str, str] = field(default_factory=dict[str, str])
    holding: dict[str, str] = field(default_factory=dict[str, str])
    held: set[str] = field(default_factory=set[str])
    released: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        run, action, step = (request.match_info[name] for name in ("run", "action", "step"))
        self.calls.append((run, action, step, request.headers["Idempotency-Key"]))
        if action == "do" and self.refusing.get(run) == step:
            return web.json_response({"no": step}, status=409)
        if action == "undo" and self.holding.get(run) == step and not self.released.is_set():
            self.held.add(run)
            await self.released.wait()
            if request.transport is not None:
                request.transport.abort()
        return web.json_response({"ok": True})

    def steps(self, run: str, action: str) -> list[str]:
        """The steps of one run in order, a repeat under the same key left out."""
        keys: dict[str, str] = {}
        for each, done, step, key in self.calls:
            if (each, done) == (run, action):
                assert keys.setdefault(key, step) == step
        return list(keys.values())

    def count(self, run: str, action: str, step: str) -> int:
        return sum((each, done, name) == (run, action, step) for each, done, name, _ in self.calls)


@asynccontextmanager
async def outside() -> AsyncGenerator[Outside]:
    found = Outside()
    app = web.Application()
    app.router.add_route("*", "/{run}/{action}/{step}", found.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()
