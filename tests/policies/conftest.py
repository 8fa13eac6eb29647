"""A database of its own with four accounts and one row of the owner in every table, and the door that requests use."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import yaml

from models.migrate import migrate
from models.registry import TABLES
from tests.identities import ANONYMOUS, SERVICE, account
from zilliance.identity import Identity
from zilliance.settings import DatabaseSettings, Login

Connection = asyncpg.Connection
CASES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())
SCOPE = """
SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true), auth.session_ok($3) AS live
"""


async def become(connection: Connection, identity: Identity) -> bool:
    """Take an identity for the rest of the transaction, as requests do. Returns whether its session lives."""
    row = await connection.fetchrow(SCOPE, identity.role.value, identity.claims, identity.session_id)
    assert row is not None
    return row["live"]


async def insert(connection: Connection, table: str, values: dict[str, Any]) -> asyncpg.Record | None:
    columns = ", ".join(values)
    return await connection.fetchrow(
        f"INSERT INTO public.{table} ({columns}) "
        f"SELECT {columns} FROM jsonb_populate_record(NULL::public.{table}, $1) RETURNING id",
        json.dumps(values),
    )


@pytest.fixture(scope="session")
async def policies_database(database_settings: DatabaseSettings) -> DatabaseSettings:
    """Apart from the one that other tests write to."""
    settings = database_settings.model_copy(update={"name": "policies"})
    await migrate(settings, lambda _: None)
    return settings


@pytest.fixture(scope="session")
async def admin(policies_database: DatabaseSettings) -> AsyncGenerator[Connection]:
    """The administrator: row security does not bind it. For arranging, in its own transactions."""
    connection = await asyncpg.connect(policies_database.admin_dsn())
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def accounts(policies_database: DatabaseSettings) -> AsyncGenerator[Connection]:
    """What the API uses for accounts."""
    connection = await asyncpg.connect(policies_database.dsn(Login.ACCOUNTS))
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def _requests_login(policies_database: DatabaseSettings) -> AsyncGenerator[Connection]:
    connection = await asyncpg.connect(policies_database.dsn(Login.REQUESTS))
    yield connection
    await connection.close()


@pytest.fixture
async def requests(_requests_login: Connection) -> AsyncGenerator[Connection]:
    """What the API uses for requests, in a transaction that leaves nothing behind."""
    transaction = _requests_login.transaction()
    await transaction.start()
    yield _requests_login
    await transaction.rollback()


@pytest.fixture
async def service(policies_database: DatabaseSettings) -> AsyncGenerator[Connection]:
    """The platform acting as itself, in a transaction that leaves nothing behind."""
    connection = await asyncpg.connect(policies_database.dsn(Login.SERVICE))
    transaction = connection.transaction()
    await transaction.start()
    await become(connection, SERVICE)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def people(admin: Connection, accounts: Connection) -> dict[str, Identity]:
    found = {"anon": ANONYMOUS}
    for name in ("owner", "other", "moderator", "admin"):
        user_id: UUID = await accounts.fetchval(
            "INSERT INTO auth.users (email) VALUES ($1) RETURNING id", f"{name}@example.com"
        )
        if name in ("moderator", "admin"):
            await admin.execute("INSERT INTO user_roles (user_id, role) VALUES ($1, $2)", user_id, name)
        found[name] = account(user_id)
    return found


@pytest.fixture(scope="session")
async def rows(admin: Connection, people: dict[str, Identity]) -> dict[str, UUID]:
    """The owner's row of each case, by the case's name."""
    made: dict[str, UUID] = {}
    owner = people["owner"].user_id
    for name, case in CASES.items():
        table = case.get("table", name)
        if case.get("existing"):
            column = "user_id" if "user_id" in TABLES[table].model_fields else "id"
            made[name] = await admin.fetchval(f"SELECT id FROM {table} WHERE {column} = $1", owner)
            continue
        row = await insert(admin, table, {"user_id": str(owner), **resolved(case["row"], made)})
        assert row is not None
        made[name] = row["id"]
    return made


def resolved(values: dict[str, Any], rows: dict[str, UUID]) -> dict[str, Any]:
    """Values with `$table` replaced by the id of that table's row."""
    return {
        column: str(rows[value[1:]]) if isinstance(value, str) and value.startswith("$") else value
        for column, value in values.items()
    }
