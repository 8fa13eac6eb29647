"""The connection that migrates: the administrator's, for one command and never for a request."""

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from zilliance.settings import DatabaseSettings

CONNECT_SECONDS = 10


def admin_engine(settings: DatabaseSettings, *, database: str | None = None) -> AsyncEngine:
    """An engine that logs in as the administrator; `database` stands for another than the platform's own."""
    url = URL.create(
        "postgresql+asyncpg",
        username=settings.admin,
        password=settings.admin_password.get_secret_value() or None,
        database=database or settings.name,
    )
    # The host goes by here and not in the address, because it may be the folder of a unix socket.
    where = {"host": settings.host, "port": settings.port, "timeout": CONNECT_SECONDS}
    return create_async_engine(url, poolclass=NullPool, connect_args=where)
