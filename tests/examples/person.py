"""Somebody who uses the examples: defines them from their files, sets them off, and looks at what came of it."""

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

FILES = Path(__file__).parents[2] / "examples" / "workflows"
ENDED = {"completed", "failed", "cancelled"}
Row = dict[str, Any]


class Person:
    """One account on the platform."""

    def __init__(self, http: httpx.AsyncClient, identity: str, email: str) -> None:
        self.http = http
        self.id = identity
        self.email = email

    @classmethod
    async def sign_up(cls, url: str, anon_key: str) -> "Person":
        http = httpx.AsyncClient(base_url=url, headers={"apikey": anon_key}, timeout=60)
        email = f"example-{uuid.uuid4().hex}@example.com"
        answer = await http.post("/auth/v1/signup", json={"email": email, "password": "a long enough password"})
        answer.raise_for_status()
        session = answer.json()
        http.headers["Authorization"] = f"Bearer {session['access_token']}"
        return cls(http, session["user"]["id"], email)

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        answer = await self.http.request(method, path, json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def define(self, name: str) -> str:
        """The example of that name as a definition: the text of its file, as it is."""
        row = {"name": name, "config": (FILES / f"{name}.yaml").read_text()}
        [made] = await self.call("POST", "/rest/v1/workflows", row, Prefer="return=representation")
        return str(made["id"])

    async def execute(self, name: str, data: object = None) -> Row:
        """Run an example to its end."""
        return await self.run(await self.define(name), data)

    async def run(self, definition: str, data: object = None) -> Row:
        body = {"workflowId": definition, "triggerData": data}
        execution: Row = await self.call("POST", "/functions/v1/execute-workflow", body)
        return execution if execution["status"] in ENDED else await self.ended(execution["id"])

    async def begin(self, definition: str, data: object = None) -> str:
        """Start a run that will wait for something."""
        body = {"workflowId": definition, "triggerData": data}
        row = await self.call("POST", "/functions/v1/execute-workflow", body, Prefer="respond-async")
        return str(row["id"])

    async def ended(self, execution: str) -> Row:
        """The execution once it has ended."""
        [row] = await self.rows(
            "workflow_executions", f"id=eq.{execution}", until=lambda rows: rows[0]["status"] in ENDED
        )
        return row

    async def triggered(self, definition: str) -> Row:
        """The one execution that something set off, once it has ended."""
        [row] = await self.rows(
            "workflow_executions",
            f"workflow_id=eq.{definition}",
            until=lambda rows: bool(rows) and rows[0]["status"] in ENDED,
        )
        return row

    async def insert(self, table: str, row: Row) -> Row:
        [made] = await self.call("POST", f"/rest/v1/{table}", row, Prefer="return=representation")
        return made

    async def rows(self, table: str, query: str = "", *, until: Any = None) -> list[Row]:
        """Rows; with `until`, asked for again until it holds."""
        end = time.monotonic() + 180
        while True:
            rows = await self.call("GET", f"/rest/v1/{table}?{query}")
            if until is None or until(rows):
                return rows
            assert time.monotonic() < end, f"{table}?{query} is still {rows}"
            await asyncio.sleep(0.2)


def statuses(execution: Row) -> dict[str, str]:
    return {task["name"]: task["status"] for task in execution["tasks"]}
