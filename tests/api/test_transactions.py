"""Transactions that end in other ways than their code: what is left of them must not reach the next caller."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from zilliance.database import Database
from zilliance.enums import Role
from zilliance.identity import Identity
from zilliance.settings import DatabaseSettings, Login

WAITING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock')"


async def test_a_cancelled_opening_leaves_nothing_to_the_next(database_settings: DatabaseSettings) -> None:
    """The connection must not pass for idle while the server still takes the role of the one who is gone."""
    name = "cancelled-opening"
    database = Database.of(database_settings.model_copy(update={"pool_size": 1}), Login.SERVICE, application_name=name)
    caller = Identity.of_claims({"role": Role.SERVICE, "session_id": str(uuid4())})

    async def work() -> None:
        async with database.transaction(caller):
            pytest.fail("the session cannot be looked up while its table is locked")

    admin = await asyncpg.connect(database_settings.admin_dsn())
    try:
        async with admin.transaction(), asyncio.timeout(60):
            await admin.execute("LOCK TABLE auth.sessions IN ACCESS EXCLUSIVE MODE")
            task = asyncio.create_task(work())
            while not task.done() and not await admin.fetchval(WAITING, name):
                await asyncio.sleep(0.01)
                await admin.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction the first look is kept
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await database.call("SELECT current_user::text", reason="who is it?") == Login.SERVICE.value
    finally:
        await admin.close()
        await database.close()
