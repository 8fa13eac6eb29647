"""The foreign services of the examples: one real HTTP server on loopback, which answers by host and remembers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HOSTS = ("stock", "pay", "ship", "rates", "people", "shop")
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    """One request: host's first label, method, path, and the body if it was JSON."""

    host: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    @property
    def line(self) -> str:
        return f"{self.host} {self.method} {self.path}"


@dataclass
class Foreign:
    """What the services are told to answer, by `host METHOD /path`; a list is used up, and its last answer stays."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list[Asked])
    answers: dict[str, list[Answer] | Callable[[Asked], Answer]] = field(
        default_factory=dict[str, "list[Answer] | Callable[[Asked], Answer]"]
    )

    @property
    def egress_map(self) -> str:
        return ",".join(f"https://{host}.example.com=http://127.0.0.1:{self.port}" for host in HOSTS)

    def lines(self) -> list[str]:
        return [asked.line for asked in self.asked]

    async def answer(self, request: web.Request) -> web.Response:
        text = await request.text()
        json_body = request.content_type == "application/json" and text
        asked = Asked(
            host=request.host.partition(".")[0],
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers=dict(request.headers),
            body=await request.json() if json_body else text,
        )
        self.asked.append(asked)
        told = self.answers.get(asked.line)
        if told is None:
            return web.json_response({"error": f"nothing is known of {asked.line}"}, status=404)
        status, body = told(asked) if callable(told) else told.pop(0) if len(told) > 1 else told[0]
        return web.Response(status=status) if body is None else web.json_response(body, status=status)


@asynccontextmanager
async def foreign_services() -> AsyncIterator[Foreign]:
    """The server while the block runs."""
    foreign = Foreign()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", foreign.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    foreign.port = runner.addresses[0][1]
    try:
        yield foreign
    finally:
        await runner.cleanup()
