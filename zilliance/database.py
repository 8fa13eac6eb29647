"""The one door to PostgreSQL: pools, and transactions that act as somebody and commit once, at the edge."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import asyncpg

from zilliance.connections import Connection, Connections
from zilliance.enums import Role
from zilliance.errors import ForbiddenError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from zilliance.identity import Identity
    from zilliance.settings import DatabaseSettings, Login

TAKE_SECONDS = 10.0
# Callers choose the shape of their statements, and each one kept takes up to 20 times its text in every server process.
STATEMENTS_KEPT = 512
STATEMENT_KEPT_BYTES = 4096
SESSION_ENDED = "ZS403"  # raised by auth.require_session
PostgresError = asyncpg.PostgresError
Record = asyncpg.Record
ArgumentError = asyncpg.DataError  # a value that does not fit its type, whether asyncpg or PostgreSQL found it

_OUTAGE = "The database cannot be reached; try again shortly"

# The server went away or cannot take us now; every other error says something about the statement.
_OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)


class UncommittedError(Exception):
    """A statement had failed, the error was swallowed, and the block ended as if all were well. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Terms:
    """In what a transaction differs from the usual one.

    Attributes:
        read_only: PostgreSQL refuses to write in it.
        is_kept: otherwise all that was written is taken back in the end.
        settings: names and values that hold in it.
    """

    read_only: bool = False
    is_kept: bool = True
    settings: tuple[tuple[str, str], ...] = ()


USUAL = Terms()
READING = Terms(read_only=True)


class Database:
    """Connections that log in as one user, and the transactions on them."""

    def __init__(self, connections: Connections, statement_timeout_ms: int, anon_timeout_ms: int | None = None) -> None:
        self._connections = connections
        self._statement_timeout_ms = statement_timeout_ms
        self._anon_timeout_ms = min(anon_timeout_ms or statement_timeout_ms, statement_timeout_ms)

    @classmethod
    def of(cls, settings: DatabaseSettings, login: Login, *, application_name: str) -> Database:
        """Nothing is dialled yet, so this succeeds while the server is down."""
        connect = partial(
            asyncpg.connect,
            settings.dsn(login),
            statement_cache_size=STATEMENTS_KEPT,
            max_cacheable_statement_size=STATEMENT_KEPT_BYTES,
            server_settings={
                "application_name": application_name,
                "jit": "off",
                # Also for what runs before a transaction has its scope, and for those that take none.
                "statement_timeout": str(settings.statement_timeout_ms),
            },
        )
        connections = Connections(connect, settings.pool_size)
        return cls(connections, settings.statement_timeout_ms, settings.anon_statement_timeout_ms)

    async def close(self) -> None:
        await self._connections.close()

    @asynccontextmanager
    async def transaction(self, identity: Identity, terms: Terms = USUAL) -> AsyncGenerator[Connection]:
        """One transaction as `identity`; commits when the block ends, rolls back when it raises.

        Raises ForbiddenError `session_not_found` when the caller's session has ended, UnavailableError when
        PostgreSQL cannot be reached.
        """
        timeout = self._anon_timeout_ms if identity.role is Role.ANON else self._statement_timeout_ms
        opening = _opening(identity, timeout, terms.read_only)
        if terms.settings:
            opening += _settings(terms.settings)
        async with self._transaction(opening, is_kept=terms.is_kept) as connection:
            yield connection

    @asynccontextmanager
    async def service(self, *, reason: str) -> AsyncGenerator[Connection]:
        """One transaction as the login itself, for work that is nobody's own.

        `reason` is for the reader of the call: it must say why no caller's identity fits.
        """
        del reason
        async with self._transaction("BEGIN") as connection:
            yield connection

    async def call(self, statement: str, *arguments: object, reason: str, seconds: float | None = None) -> object:
        """The single value that one statement answers, as the login itself, in a transaction of its own.

        One round trip where `service` takes three: PostgreSQL commits a statement that stands alone.
        """
        del reason
        async with self._connection() as connection:
            value: object = await connection.fetchval(statement, *arguments, timeout=seconds)
            return value

    async def fetch_one(self, statement: str, *arguments: object, reason: str) -> Record:
        """The one row that one statement answers, as `call`. Raises LookupError when there is none."""
        del reason
        async with self._connection() as connection:
            row = await connection.fetchrow(statement, *arguments)
        if row is None:
            raise LookupError(statement)
        return row

    async def fetch(self, statement: str, *arguments: object, reason: str) -> list[Record]:
        """The rows that one statement answers, as `call`."""
        del reason
        async with self._connection() as connection:
            return await connection.fetch(statement, *arguments)

    @asynccontextmanager
    async def _transaction(self, opening: str, *, is_kept: bool = True) -> AsyncGenerator[Connection]:
        async with self._connection() as connection:
            await _open(connection, opening)
            yield connection
            if not is_kept:
                # What only the commit would refuse is refused now; what is open in the end is rolled back below.
                await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            elif await connection.execute("COMMIT") != "COMMIT":
                raise UncommittedError

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        try:
            connection = await self._connections.take(seconds=TAKE_SECONDS)
        except (*_OUTAGES, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise UnavailableError(_OUTAGE) from error
        try:
            yield connection
        except _OUTAGES as error:
            raise UnavailableError(_OUTAGE) from error
        except asyncpg.InterfaceError as error:
            # asyncpg says the same of a statement it was given wrong and of a connection that broke under it.
            if connection.is_closed():
                raise UnavailableError(_OUTAGE) from error
            raise
        except PostgresError as error:
            if error.sqlstate == SESSION_ENDED:
                raise ForbiddenError(str(error), code="session_not_found") from error
            raise
        finally:
            await self._give_back(connection)

    async def _give_back(self, connection: Connection) -> None:
        """End what an error left open; where even that fails, the connection is cut off."""
        try:
            if not connection.is_closed() and connection.is_in_transaction():
                await connection.execute("ROLLBACK")
        except (PostgresError, asyncpg.InterfaceError, OSError):
            connection.terminate()
        finally:
            self._connections.give_back(connection)


async def _open(connection: Connection, opening: str) -> None:
    try:
        await connection.execute(opening)
    except asyncio.CancelledError:
        # The driver knows of a transaction when the answer is there, and nobody waits for that now: kept, the
        # connection would pass for idle while it acts as this caller, and would never commit what the next one does.
        connection.terminate()
        raise


@lru_cache(maxsize=1024)
def _opening(identity: Identity, statement_timeout_ms: int, read_only: bool) -> str:
    """What opens a transaction as `identity`: one message that begins it, takes the scope and asks for the session.

    A message of two statements takes no parameters, so the values are in the text. None can leave its place: the role
    is one of three words, the claims are hexadecimal, the rest a number and a UUID. All settings end with it.
    """
    session = f"'{identity.session_id}'" if identity.session_id else "NULL"
    begin = "BEGIN READ ONLY" if read_only else "BEGIN"
    return (
        f"{begin}; SELECT set_config('role', '{identity.role.value}', true), set_config('request.jwt.claims',"
        f" convert_from(decode('{identity.claims.encode().hex()}', 'hex'), 'UTF8'), true),"
        f" set_config('statement_timeout', '{statement_timeout_ms:d}', true), auth.require_session({session})"
    )


def _settings(settings: tuple[tuple[str, str], ...]) -> str:
    """What sets them for the transaction that was just opened; hexadecimal, as above, so that none leaves its place."""
    calls = ", ".join(f"set_config({_text(name)}, {_text(value)}, true)" for name, value in settings)
    return f"; SELECT {calls}"


def _text(value: str) -> str:
    return f"convert_from(decode('{value.encode().hex()}', 'hex'), 'UTF8')"
