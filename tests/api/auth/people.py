"""An HTTP client of the account service, and people who use it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.state import AppState
from zilliance.settings import Settings

PASSWORD = "correct horse battery"
API_VERSION = {"x-supabase-api-version": "2024-01-01"}


def new_email() -> str:
    return f"{uuid4().hex[:12]}@example.com"


def with_auth(settings: Settings, **changes: object) -> Settings:
    """The same installation with other rules for accounts."""
    return settings.model_copy(update={"auth": settings.auth.model_copy(update=changes)})


@dataclass
class Accounts:
    """The account service as a caller with the anon key sees it."""

    http: httpx.AsyncClient
    state: AppState
    app: FastAPI

    async def post(self, path: str, body: Any = None, *, token: str | None = None) -> httpx.Response:
        return await self.http.post(path, json=body, headers=bearer(token))

    async def get(self, path: str, *, token: str | None = None) -> httpx.Response:
        return await self.http.get(path, headers=bearer(token))

    async def put(self, path: str, body: Any, *, token: str | None = None) -> httpx.Response:
        return await self.http.put(path, json=body, headers=bearer(token))

    async def sign_up(self, email: str | None = None, **data: object) -> dict[str, Any]:
        """A session of a new account."""
        body = {"email": email or new_email(), "password": PASSWORD, "data": data}
        return (await self.post("/signup", body)).raise_for_status().json()

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/token?grant_type=password", {"email": email, "password": password})

    async def refresh(self, token: str) -> httpx.Response:
        return await self.post("/token?grant_type=refresh_token", {"refresh_token": token})

    async def execute(self, statement: str, *values: object) -> None:
        """Change a row as the account service may."""
        async with self.state.accounts.service(reason="tests arrange what takes long to happen") as connection:
            await connection.execute(statement, *values)


def bearer(token: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


@asynccontextmanager
async def accounts_of(settings: Settings) -> AsyncGenerator[Accounts]:
    """The account service of an installation, over HTTP and a real database."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        state: AppState = app.state.platform
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://test/auth/v1",
            headers={"apikey": state.tokens.anon_key, **API_VERSION},
        ) as client:
            yield Accounts(client, state, app)
