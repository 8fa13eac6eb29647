"""A tenant who has a secret in every place, and others who look for it, on the whole platform."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from secrets import token_hex
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.canary.exchange import Caller, Headers, Secrets
from tests.canary.planting import Connection, Planted, plant
from zilliance.devstack.stack import Stack

STRANGERS = ("other", "anon", "moderator")
# What is told by design: signed-in users see who the others are, moderators see drafts.
OPEN = {("profiles", "other"), ("profiles", "moderator"), ("tutorials", "moderator")}


@dataclass(frozen=True)
class Account:
    """A signed-up account and what its client sends."""

    id: UUID
    headers: Headers


@pytest.fixture(scope="session")
async def admin(platform: Stack) -> AsyncGenerator[Connection]:
    """The administrator of the database: row security does not bind it."""
    connection = await asyncpg.connect(platform.settings.database.admin_dsn())
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def client(platform: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    url, headers = platform.settings.api_url, {"accept-encoding": "identity"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def anon_key(platform: Stack) -> str:
    return platform.describe()["anon_key"]


@pytest.fixture(scope="session")
async def accounts(client: httpx.AsyncClient, anon_key: str, admin: Connection) -> dict[str, Account]:
    """The owner of the secrets, another tenant, and a moderator."""
    made: dict[str, Account] = {}
    for name in ("owner", "other", "moderator"):
        answer = await client.post(
            "/auth/v1/signup",
            headers={"apikey": anon_key},
            json={"email": f"{name}-{token_hex(8)}@example.com", "password": token_hex(16)},
        )
        session = answer.raise_for_status().json()
        headers = {"apikey": anon_key, "authorization": f"Bearer {session['access_token']}"}
        made[name] = Account(UUID(session["user"]["id"]), headers)
    await admin.execute("INSERT INTO user_roles (user_id, role) VALUES ($1, 'moderator')", made["moderator"].id)
    return made


@pytest.fixture(scope="session")
async def planted(admin: Connection, accounts: Mapping[str, Account]) -> dict[str, Planted]:
    """The owner's row in each table."""
    return await plant(admin, accounts["owner"].id)


@pytest.fixture(scope="session")
async def own(admin: Connection, accounts: Mapping[str, Account]) -> dict[str, Planted]:
    """The other tenant's row in each table, which is no secret: nothing is hidden by there being nothing."""
    return await plant(admin, accounts["other"].id, marked=False)


@pytest.fixture(scope="session")
def everybody(
    client: httpx.AsyncClient, accounts: Mapping[str, Account], planted: Mapping[str, Planted], anon_key: str
) -> dict[str, Caller]:
    """Each caller, held to what they may know of the owner's rows."""
    callers = {name: Caller(client, account.headers, _secrets(planted, name)) for name, account in accounts.items()}
    headers = {"apikey": anon_key, "authorization": f"Bearer {anon_key}"}
    callers["moderator"] = replace(callers["moderator"], stride=3)
    return {**callers, "anon": Caller(client, headers, _secrets(planted, "anon"), stride=3)}


def _secrets(planted: Mapping[str, Planted], caller: str) -> Secrets:
    words = [row.secrets for table, row in planted.items() if (table, caller) not in OPEN]
    # The profile's id is the account's own, which tutorials that everybody reads name, too.
    public = planted["profiles"].id
    return Secrets(frozenset(word.encode() for word in set().union(*words) if word != public))
