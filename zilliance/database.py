"""The one door to PostgreSQL: pools, and transactions that act as somebody and commit once, at the edge."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from zilliance.errors import ForbiddenError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from zilliance.identity import Identity
    from zilliance.settings import DatabaseSettings, Login

    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = PoolConnectionProxy[asyncpg.Record]
else:
    Connection = PoolConnectionProxy  # its own class takes no parameters at run time; others import the name

ACQUIRE_SECONDS = 10.0
PostgresError = asyncpg.PostgresError
ArgumentError = asyncpg.DataError  # a bound value that does not fit its parameter's type, found before it was sent

# One statement sets the whole scope, for this transaction alone, and asks whether the session still lives.
# PostgreSQL evaluates a select list from left to right, so the check runs as the role just taken.
_SCOPE = """
SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
       set_config('statement_timeout', $3, true), auth.session_ok($4::uuid) AS live
"""

_OUTAGE = "The database cannot be reached; try again shortly"

# The server went away or cannot take us now; every other error says something about the statement.
_OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)


class Database:
    """A pool of connections that log in as one user."""

    def __init__(self, pool: Pool, statement_timeout_ms: int) -> None:
        self._pool = pool
        self._statement_timeout = str(statement_timeout_ms)

    @classmethod
    async def connect(
        cls, settings: DatabaseSettings, login: Login, *, application_name: str, min_size: int = 0
    ) -> Database:
        """Open a pool. With `min_size` 0 nothing is dialled yet, so this succeeds while the server is down."""
        pool = await asyncpg.create_pool(
            settings.dsn(login),
            min_size=min_size,
            max_size=settings.pool_size,
            statement_cache_size=1024,
            server_settings={"application_name": application_name, "jit": "off"},
            reset=_roll_back,
        )
        return cls(pool, settings.statement_timeout_ms)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, identity: Identity) -> AsyncGenerator[Connection]:
        """One transaction as `identity`; commits when the block ends, rolls back when it raises.

        Raises ForbiddenError `session_not_found` when the caller's session has ended, UnavailableError when
        PostgreSQL cannot be reached.
        """
        async with self._begin() as connection:
            live = await connection.fetchrow(
                _SCOPE, identity.role.value, identity.claims, self._statement_timeout, identity.session_id
            )
            if live is None or not live["live"]:
                raise ForbiddenError("Session from session_id claim in JWT does not exist", code="session_not_found")
            yield connection

    @asynccontextmanager
    async def service(self, *, reason: str) -> AsyncGenerator[Connection]:
        """One transaction as the login itself, for work that is nobody's own.

        `reason` is for the reader of the call: it must say why no caller's identity fits.
        """
        del reason
        async with self._begin() as connection:
            yield connection

    @asynccontextmanager
    async def _begin(self) -> AsyncGenerator[Connection]:
        try:
            connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        except (*_OUTAGES, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise UnavailableError(_OUTAGE) from error
        try:
            async with connection.transaction():
                yield connection
        except _OUTAGES as error:
            raise UnavailableError(_OUTAGE) from error
        except asyncpg.InterfaceError as error:
            # asyncpg says the same of a statement it was given wrong and of a connection that broke under it.
            if connection.is_closed():
                raise UnavailableError(_OUTAGE) from error
            raise
        finally:
            await self._pool.release(connection)


async def _roll_back(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """End what a cancelled task left open.

    asyncpg's own reset costs a round trip at each release and leaves the role standing; settings here are
    transaction-local without exception, so ending the transaction is all there is to do.
    """
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
