"""`python -m models.migrate`: brings a database to the state that this checkout describes, or says why it cannot."""

import asyncio
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.engine import admin_engine
from models.logins import set_passwords
from zilliance.database import PostgresError
from zilliance.settings import DatabaseSettings, Settings, SettingsError

if TYPE_CHECKING:
    from zilliance.database import Connection as DriverConnection

HERE = Path(__file__).parent
SQL = HERE / "sql"
LOCK_KEY = 7_164_205_113  # any number that nothing else in the database takes an advisory lock on
LOCK_TIMEOUT = "10s"  # a statement that waits longer for a table would hold up everybody behind it
NO_SUCH_DATABASE = "3D000"

Report = Callable[[str], None]


async def migrate(settings: DatabaseSettings, report: Report) -> None:
    """Make the database, roles, tables, functions, policies and grants what they should be.

    Does only what is missing or has changed, and reports a line for each. Two processes may at once: the second waits.
    Raises OSError or TimeoutError when the server cannot be reached, DBAPIError or PostgresError when it refuses.
    """
    await _make_database(settings, report)
    engine = admin_engine(settings)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await _run_script(connection, (SQL / "bootstrap.sql").read_text())
            for login in await set_passwords(connection, settings):
                report(f"login {login}")
            await connection.commit()
            await connection.run_sync(_upgrade, report)
            await _apply_sql_files(connection, report)
            await connection.commit()
    finally:
        await engine.dispose()


async def _make_database(settings: DatabaseSettings, report: Report) -> None:
    if await _exists(settings):
        return
    engine = admin_engine(settings, database="postgres").execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            quoted = connection.dialect.identifier_preparer.quote_identifier(settings.name)
            await connection.execute(text(f"CREATE DATABASE {quoted}"))
            report(f"database {settings.name}")
    except DBAPIError:
        if not await _exists(settings):  # else another migration was faster
            raise
    finally:
        await engine.dispose()


async def _exists(settings: DatabaseSettings) -> bool:
    engine = admin_engine(settings)
    try:
        async with engine.connect():
            return True
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != NO_SUCH_DATABASE:
            raise
        return False
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, report: Report) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations").replace("%", "%%"))
    config.attributes.update(connection=connection, report=report)
    command.upgrade(config, "head")


async def _apply_sql_files(connection: AsyncConnection, report: Report) -> None:
    """Run the repeatable files that changed, all or none: functions, then the policies that call them, then grants."""
    rows = await connection.execute(text("SELECT name, sha256 FROM private.sql_files"))
    applied: dict[str, str] = {row.name: row.sha256 for row in rows}
    for path in sql_files():
        name, script = path.relative_to(SQL).as_posix(), path.read_text()
        sha256 = hashlib.sha256(script.encode()).hexdigest()
        if applied.get(name) == sha256:
            continue
        await _run_script(connection, script)
        await connection.execute(
            text(
                "INSERT INTO private.sql_files (name, sha256) VALUES (:name, :sha256) "
                "ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()"
            ),
            {"name": name, "sha256": sha256},
        )
        report(f"sql {name}")


def sql_files() -> list[Path]:
    """The repeatable SQL files in the order in which they are applied."""
    return [*sorted(SQL.glob("functions/*.sql")), *sorted(SQL.glob("policies/*.sql")), SQL / "grants.sql"]


async def _run_script(connection: AsyncConnection, script: str) -> None:
    """Run many statements in the current transaction: the driver takes them in one go, SQLAlchemy does not."""
    await connection.execute(text("SELECT 1"))  # opens the transaction, which the driver's own execute would not
    raw = await connection.get_raw_connection()
    await cast("DriverConnection", raw.driver_connection).execute(script)


def main() -> int:
    """Migrate the database of the settings. Exit status 0 when it is as it should be."""
    try:
        settings = Settings.load().database
    except SettingsError as error:
        return fail(str(error))
    try:
        asyncio.run(migrate(settings, lambda line: print_line(f"migrate: {line}")))
    except (OSError, TimeoutError) as error:
        where = f"{settings.host}:{settings.port}"
        return fail(f"PostgreSQL at {where} cannot be reached: {error or 'no answer'}; see ZILLIANCE_DATABASE__HOST")
    except DBAPIError as error:
        return fail(f"PostgreSQL refused: {error.orig}")
    except PostgresError as error:
        return fail(f"PostgreSQL refused: {error}")
    return 0


def print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fail(reason: str) -> int:
    sys.stderr.write(f"migrate: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
