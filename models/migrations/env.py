"""How Alembic runs here: on the connection of `models.migrate`, as the owner of the tables."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import models
from models.engine import admin_engine
from zilliance.settings import Settings

assert models.registry.TABLES  # noqa: S101  the import completes the metadata

LOCK_TIMEOUT = "10s"


def run(connection: Connection) -> None:
    """Bring the connection's database to the wanted revision, in one transaction."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text("SET LOCAL ROLE zowner"))
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        version_table_schema="private",
        include_schemas=True,
        compare_server_default=True,
        on_version_apply=announce,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def announce(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[str], run_args: Mapping[str, object]
) -> None:
    """Say which migration has just been applied."""
    del ctx, heads, run_args
    report: Callable[[str], None] = context.config.attributes.get("report", print)
    for revision in step.up_revision_ids:
        report(f"migration {revision}")


async def run_alone() -> None:
    """For `alembic revision --autogenerate`, which brings no connection."""
    engine = admin_engine(Settings.load().database)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:
    asyncio.run(run_alone())
