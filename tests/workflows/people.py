"""The endpoints that people answer workflows with, called over HTTP as different people."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import time
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from api import errors
from api.routers import approvals, callbacks, catalogue
from api.state import AppState, app_state
from zilliance.settings import Settings


@dataclass
class People:
    """The API and who calls it."""

    state: AppState
    http: httpx.AsyncClient

    def headers(self, account: UUID) -> dict[str, str]:
        claims = {"sub": str(account), "role": "authenticated", "iat": int(time()), "exp": int(time()) + 3600}
        return {"authorization": f"Bearer {self.state.tokens.issue(claims)}"}

    async def get(self, path: str, account: UUID) -> httpx.Response:
        return await self.http.get(f"/workflows/v1/{path}", headers=self.headers(account))

    async def items(self, account: UUID, box: str = "assigned", query: str = "") -> list[dict[str, Any]]:
        answer = await self.get(f"approvals?box={box}{query}", account)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def decide(
        self, approval: str, account: UUID, decision: object = "approved", **more: object
    ) -> httpx.Response:
        body = {"decision": decision, **more}
        return await self.http.post(
            f"/workflows/v1/approvals/{approval}/decide", headers=self.headers(account), json=body
        )


@asynccontextmanager
async def people_of(settings: Settings) -> AsyncGenerator[People]:
    async with app_state(settings) as state:
        app = FastAPI()
        errors.install(app)
        app.state.platform = state
        for routes in (approvals, callbacks, catalogue):
            app.include_router(routes.router)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://platform") as http:
            yield People(state, http)
