"""Somebody who has tutorials written, over real HTTP; and what he reads while one is being written."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any
from uuid import UUID, uuid4

import httpx
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from api.app import create_app
from api.state import AppState
from tests.ports import free_port
from zilliance.settings import Settings

ENDED = {"completed", "failed", "cancelled"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    kind: str
    data: Json
    id: int | None


@dataclass
class Author:
    """An account, at one API process."""

    id: UUID
    http: httpx.AsyncClient
    headers: dict[str, str]

    def at(self, other: "Api") -> "Author":
        """The same account at another process."""
        return Author(self.id, other.http, self.headers)

    async def ask(self, body: object, *, wait: bool = True, key: str | None = None) -> httpx.Response:
        headers = {"Prefer": "" if wait else "respond-async"} | ({} if key is None else {"Idempotency-Key": key})
        return await self.http.post("/functions/v1/generate-tutorial", json=body, headers={**self.headers, **headers})

    async def begin(self, topic: str, steps: int = 2, **more: object) -> str:
        answer = await self.ask({"topic": topic, "level": "beginner", "steps": steps, **more}, wait=False)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers={**self.headers, **headers})

    async def post(self, path: str) -> httpx.Response:
        return await self.http.post(path, headers=self.headers)

    async def run(self, run_id: str) -> Json:
        answer = await self.get(f"/tutorials/v1/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, run_id: str, *statuses: str) -> Json:
        """The run once it stands so; generous, for nothing here is about speed."""
        async with asyncio.timeout(60):
            while (run := await self.run(run_id))["status"] not in (statuses or ENDED):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return run

    async def tutorials(self) -> list[Json]:
        answer = await self.get("/rest/v1/tutorials?order=id")
        assert answer.status_code == 200, answer.text
        return [row for row in answer.json() if row["user_id"] == str(self.id)]

    async def write(self, values: Json) -> Json:
        """A tutorial of the account's own hand."""
        made = await self.http.post(
            "/rest/v1/tutorials", json=values, headers={**self.headers, "Prefer": "return=representation"}
        )
        assert made.status_code == 201, made.text
        return made.json()[0]

    async def upload(self, name: str, body: bytes, content_type: str = "text/plain") -> str:
        path = f"{self.id}/{name}"
        answer = await self.http.post(
            f"/storage/v1/object/documents/{path}", content=body, headers={**self.headers, "content-type": content_type}
        )
        assert answer.status_code == 200, answer.text
        return path

    async def events(self, run_id: str, after: int | None = None, *, most: int | None = None) -> list[Event]:
        """What the stream says: to its end, or until so many events with an id have come."""
        headers = {**self.headers, **({} if after is None else {"Last-Event-ID": str(after)})}
        reader = _Reader()
        async with self.http.stream("GET", f"/tutorials/v1/runs/{run_id}/stream", headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                reader.line(line)
                if most is not None and sum(event.id is not None for event in reader.events) >= most:
                    break
        return reader.events


@dataclass
class _Reader:
    events: list[Event] = field(default_factory=list[Event])
    _fields: dict[str, str] = field(default_factory=dict[str, str])

    def line(self, line: str) -> None:
        if line:
            name, _, value = line.partition(": ")
            self._fields[name] = value
            return
        if "data" in self._fields:
            id_ = self._fields.get("id")
            data = json.loads(self._fields["data"])
            self.events.append(Event(self._fields["event"], data, None if id_ is None else int(id_)))
        self._fields = {}


@dataclass
class Api:
    """One API process's worth of the platform."""

    state: AppState
    http: httpx.AsyncClient

    async def author(self) -> Author:
        """A new account that is signed in."""
        user, session, now = uuid4(), uuid4(), int(time())
        async with self.state.accounts.service(reason="tests make accounts without mail") as connection:
            await connection.execute(
                "INSERT INTO auth.users (id, email) VALUES ($1, $2)", user, f"{user.hex}@example.com"
            )
            await connection.execute("INSERT INTO auth.sessions (id, user_id) VALUES ($1, $2)", session, user)
        claims = {"sub": str(user), "role": "authenticated", "session_id": str(session), "iat": now, "exp": now + 3600}
        token = self.state.tokens.issue(claims)
        headers = {"apikey": self.state.tokens.anon_key, "authorization": f"Bearer {token}"}
        return Author(user, self.http, headers)

    @property
    def visitor(self) -> dict[str, str]:
        return {"apikey": self.state.tokens.anon_key}


@asynccontextmanager
async def api_of(settings: Settings) -> AsyncGenerator[Api]:
    """The whole API over HTTP, with pools and a listener of its own."""
    app = create_app(settings)
    port = free_port()
    server = Server(app, "127.0.0.1", port, interface=Interfaces.ASGI, http=HTTPModes.http1, log_enabled=False)
    running = asyncio.create_task(server.serve())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        await _until_up(http)
        yield Api(app.state.platform, http)
    server.stop()
    await running


async def _until_up(http: httpx.AsyncClient) -> None:
    for _ in range(1200):
        try:
            await http.get("/healthz")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
    raise TimeoutError("the API does not answer")
