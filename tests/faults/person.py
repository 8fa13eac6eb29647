"""A signed-up account that speaks to a platform which may be dying under it."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx

ENDED = {"completed", "failed", "cancelled"}


class Person:
    """One account on one platform."""

    def __init__(self, url: str, anon_key: str) -> None:
        self._client = httpx.AsyncClient(base_url=url, headers={"apikey": anon_key}, timeout=40)

    @classmethod
    async def sign_up(cls, url: str, anon_key: str) -> "Person":
        person = cls(url, anon_key)
        email = f"faults-{time.time_ns()}@example.com"
        answer = await person._client.post(
            "/auth/v1/signup", json={"email": email, "password": "a long enough password"}
        )
        answer.raise_for_status()
        person._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return person

    async def close(self) -> None:
        await self._client.aclose()

    async def define(self, config: object) -> str:
        return await self.insert("workflows", {"name": "fault", "config": config})

    async def insert(self, table: str, row: object) -> str:
        """Write a row; its id."""
        answer = await self._client.post(f"/rest/v1/{table}", json=row, headers={"Prefer": "return=representation"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()[0]["id"])

    async def publish(self, events: object) -> None:
        """Publish events; once this returns, the platform has promised to route them."""
        answer = await self._client.post("/events/v1", json=events)
        assert answer.status_code == 202, answer.text

    async def start(self, workflow_id: str, trigger_data: object) -> str:
        """Start an execution; once this returns, the platform has promised to end it."""
        answer = await self._client.post(
            "/functions/v1/execute-workflow",
            json={"workflowId": workflow_id, "triggerData": trigger_data},
            headers={"Prefer": "respond-async"},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    async def waiting(self, execution: str, task: str, *, seconds: float = 120) -> None:
        """Wait until an execution has come to a task that waits."""
        async with asyncio.timeout(seconds):
            while True:
                answer = await self._client.get(f"/workflows/v1/executions/{execution}")
                assert answer.status_code == 200, answer.text
                if (task, "waiting") in [(each["name"], each["status"]) for each in answer.json()["tasks"] or []]:
                    return
                await asyncio.sleep(0.2)

    async def cancel(self, execution: str) -> None:
        answer = await self._client.post(f"/workflows/v1/executions/{execution}/cancel")
        assert answer.status_code == 202, answer.text

    async def rows(self, table: str, query: str) -> list[dict[str, Any]]:
        """Read rows, again and again while the platform is away."""
        for _ in range(240):
            try:
                answer = await self._client.get(f"/rest/v1/{table}?{query}")
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                return list(answer.json())
            await asyncio.sleep(0.5)
        raise AssertionError("the platform did not come back")

    async def write(self, topic: str, steps: int) -> str:
        """Have a tutorial written; once this returns, the platform has promised to end the run."""
        answer = await self._client.post(
            "/functions/v1/generate-tutorial",
            json={"topic": topic, "level": "beginner", "steps": steps},
            headers={"Prefer": "respond-async"},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    async def written(self, run_id: str, *, seconds: float = 240) -> dict[str, Any]:
        """The run once it has ended, asked for again and again while the platform is away."""
        async with asyncio.timeout(seconds):
            while True:
                with suppress(httpx.TransportError):
                    answer = await self._client.get(f"/tutorials/v1/runs/{run_id}")
                    if answer.status_code == 200 and answer.json()["status"] in ENDED:
                        return dict(answer.json())
                await asyncio.sleep(0.2)

    async def listed(self, path: str) -> list[dict[str, Any]]:
        """The items of a list that its page holds."""
        answer = await self._client.get(path)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def ended(self, executions: Sequence[str], *, seconds: float = 240) -> list[dict[str, Any]]:
        """The rows of these executions once all have ended."""
        until = time.monotonic() + seconds
        while True:
            rows = await self.rows(
                "workflow_executions", f"select=id,status,error,tasks&id=in.({','.join(executions)})"
            )
            if len(rows) == len(executions) and all(row["status"] in ENDED for row in rows):
                return rows
            assert time.monotonic() < until, f"still open after {seconds} s: {[row['status'] for row in rows]}"
            await asyncio.sleep(0.5)
