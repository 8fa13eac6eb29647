"""A database of before, with rows in it that are refused now, comes to the state of today."""

import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.engine import admin_engine
from models.migrate import HERE, SQL, migrate
from zilliance.settings import DatabaseSettings

BEFORE = "0029_request_log"
OWNER = UUID(int=1)
ENDPOINTS = [
    ("/orders/{id}", "GET", True),
    ("/orders/{number}", "GET", True),
    ("/orders/{number}", "POST", True),
    ("/orders/{off}", "GET", False),
    ("/orders/{id}/*", "GET", True),
]
NOTHING = [{"endpoint_id": str(UUID(int=0))}]
PERMISSIONS: list[tuple[Any, Any]] = [
    ([], []),
    (["read"], ["read"]),
    ("read", ["read"]),
    ("*", ["*"]),
    ("admin", NOTHING),
    ({}, NOTHING),
    ({"read": True}, NOTHING),
    (None, NOTHING),
    (5, NOTHING),
    (["admin"], NOTHING),
    ([5, {"any": 1}], NOTHING),
    (["write", "read", "no"], ["read", "write", *NOTHING]),
]


async def make_at(settings: DatabaseSettings, revision: str) -> None:
    """The database as the platform of that revision had left it, as far as tables go."""
    administrator = admin_engine(settings, database="postgres").execution_options(isolation_level="AUTOCOMMIT")
    async with administrator.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {settings.name}"))
    await administrator.dispose()
    engine = admin_engine(settings)
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute((SQL / "bootstrap.sql").read_text())
        await connection.run_sync(upgrade_to, revision)
        await connection.commit()
    await engine.dispose()


def upgrade_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations").replace("%", "%%"))
    config.attributes.update(connection=connection, report=lambda _: None)
    command.upgrade(config, revision)


async def fill(connection: AsyncConnection) -> None:
    owner = {"owner": OWNER}
    await connection.execute(text("INSERT INTO auth.users (id, email) VALUES (:owner, 'old@example.com')"), owner)
    for number, (path, method, is_active) in enumerate(ENDPOINTS, start=1):
        await connection.execute(
            text(
                "INSERT INTO public.api_endpoints (id, user_id, name, path, method, target_url, is_active)"
                " VALUES (:id, :owner, 'Old', :path, :method, 'https://example.com', :on)"
            ),
            {"id": UUID(int=number), "path": path, "method": method, "on": is_active, **owner},
        )
    for number, (permissions, _) in enumerate(PERMISSIONS, start=1):
        await connection.execute(
            text(
                "INSERT INTO public.api_keys (id, user_id, name, permissions)"
                " VALUES (:id, :owner, 'Old', CAST(:permissions AS jsonb))"
            ),
            {"id": UUID(int=number), "permissions": json.dumps(permissions), **owner},
        )
    for table in ("api_endpoints", "api_keys"):  # as their policies had it
        statement = f"ALTER TABLE public.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        await connection.execute(text(statement))
    await connection.commit()


@pytest.fixture(scope="module")
async def upgraded(database_settings: DatabaseSettings) -> AsyncGenerator[AsyncConnection]:
    settings = database_settings.model_copy(update={"name": "upgrade_check"})
    await make_at(settings, BEFORE)
    engine = admin_engine(settings)
    async with engine.connect() as connection:
        await fill(connection)
    await migrate(settings, lambda _: None)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def test_permissions_of_before_open_what_they_name_or_nothing(upgraded: AsyncConnection) -> None:
    found = await upgraded.execute(text("SELECT permissions FROM public.api_keys ORDER BY id"))
    assert list(found.scalars()) == [after for _, after in PERMISSIONS]
    revoked = await upgraded.execute(text("UPDATE public.api_keys SET is_active = false"))
    assert revoked.rowcount == len(PERMISSIONS)
    await upgraded.rollback()


async def test_of_endpoints_of_one_form_the_oldest_stays_active(upgraded: AsyncConnection) -> None:
    found = await upgraded.execute(text("SELECT is_active FROM public.api_endpoints ORDER BY id"))
    assert list(found.scalars()) == [True, False, True, False, True]
