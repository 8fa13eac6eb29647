"""The data API on a real HTTP server, and people who use it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import time
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from api import errors, middleware
from api.routers import (
    ai,
    diagrams,
    events,
    executions,
    functions,
    gateway,
    gateway_tools,
    health,
    hooks,
    playback,
    process_video,
    rest,
    schedules,
    secrets,
    storage,
    trials,
    versions,
    video_runs,
    webhooks,
)
from api.state import AppState, app_state
from tests.ports import free_port
from zilliance.settings import Settings

Headers = dict[str, str]


@dataclass(frozen=True)
class Person:
    """An account with a session, and what its client sends."""

    id: UUID
    token: str
    headers: Headers


@dataclass
class Served:
    """The running API."""

    url: str
    port: int
    state: AppState
    app: FastAPI
    http: httpx.AsyncClient

    async def person(self) -> Person:
        """A new account that is signed in."""
        user_id, session_id = uuid4(), uuid4()
        async with self.state.accounts.service(reason="tests make accounts without mail") as connection:
            await connection.execute(
                "INSERT INTO auth.users (id, email) VALUES ($1, $2)", user_id, f"{user_id.hex}@example.com"
            )
            await connection.execute("INSERT INTO auth.sessions (id, user_id) VALUES ($1, $2)", session_id, user_id)
        now = int(time())
        token = self.state.tokens.issue(
            {
                "sub": str(user_id),
                "role": "authenticated",
                "session_id": str(session_id),
                "iat": now,
                "exp": now + 3600,
            }
        )
        return Person(user_id, token, self.as_bearer(token))

    def as_bearer(self, token: str) -> Headers:
        return {"apikey": self.state.tokens.anon_key, "authorization": f"Bearer {token}"}

    @property
    def anon(self) -> Headers:
        return self.as_bearer(self.state.tokens.anon_key)

    @property
    def service(self) -> Headers:
        key = self.state.tokens.service_role_key
        return {"apikey": key, "authorization": f"Bearer {key}"}

    async def send(self, method: str, path: str, who: Headers, **more: Any) -> httpx.Response:
        """A request to `/rest/v1`; `prefer` and other headers may be added as `headers`."""
        headers = {**who, **more.pop("headers", {})}
        return await self.http.request(method, f"/rest/v1/{path}", headers=headers, **more)

    async def insert(self, table: str, row: Any, who: Headers) -> dict[str, Any]:
        answer = await self.send("POST", table, who, json=row, headers={"prefer": "return=representation"})
        assert answer.status_code == 201, answer.text
        return answer.json()[0]

    async def raw(self, request: bytes) -> bytes:
        """What the server answers to bytes that no client would send."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        await writer.drain()
        try:
            async with asyncio.timeout(30):
                return await reader.read(65_536)
        finally:
            writer.close()


@asynccontextmanager
async def served(settings: Settings) -> AsyncGenerator[Served]:
    """The data API of an installation over HTTP."""
    app = FastAPI()
    errors.install(app)
    middleware.install(app)
    for part in (
        health,
        rest,
        storage,
        functions,
        executions,
        events,
        schedules,
        trials,
        secrets,
        hooks,
        playback,
        versions,
        diagrams,
        webhooks,
        process_video,
        video_runs,
        ai,
        gateway,
        gateway_tools,
    ):
        app.include_router(part.router)
    rest.install(app)
    functions.install(app)
    gateway.install(app)

    @app.get("/boom")
    async def boom() -> None:
        raise LookupError("a secret of the inside")

    port = free_port()
    server = Server(app, "127.0.0.1", port, interface=Interfaces.ASGINL, http=HTTPModes.http1, log_enabled=False)
    async with app_state(settings) as state, rest.followed(app, state), gateway.passing(app, state):
        app.state.platform = state
        running = asyncio.create_task(server.serve())
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            await _wait_for(client)
            yield Served(url, port, state, app, client)
        server.stop()
        await running


async def _wait_for(client: httpx.AsyncClient) -> None:
    for _ in range(1200):
        try:
            await client.get("/healthz")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
    raise TimeoutError("the API does not answer")
