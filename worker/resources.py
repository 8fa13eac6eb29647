"""What one worker process holds for all its activities."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client
from yarl import URL

from zilliance.database import Database
from zilliance.errors import UnavailableError
from zilliance.outbound import OutboundClient
from zilliance.settings import Environment, Login, Settings
from zilliance.storage import ObjectStore

PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Resources:
    """Clients of the outside systems, each through its one door."""

    settings: Settings
    client: Client
    database: Database
    outbound: OutboundClient
    store: ObjectStore

    async def wait_for_database(self) -> None:
        """Come back when PostgreSQL answers, however long that takes: the supervisor decides when it is too long."""
        while True:
            try:
                async with self.database.service(reason="asks whether the database is there") as connection:
                    await connection.execute("SELECT 1")
            except UnavailableError:
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return


@asynccontextmanager
async def open_resources(settings: Settings, client: Client) -> AsyncGenerator[Resources]:
    """Open what activities need beside the Temporal client, and close it in the end."""
    database = Database.of(settings.database, Login.WORKER, application_name="worker")
    own_host = URL(settings.api_url).host
    outbound = OutboundClient(
        allow_http=settings.environment is Environment.DEVELOPMENT,
        egress_map=settings.egress_map,
        own_hosts=[own_host] if own_host and settings.public_url else [],
    )
    store = ObjectStore.of(settings.storage)
    try:
        yield Resources(settings, client, database, outbound, store)
    finally:
        await store.close()
        await outbound.close()
        await database.close()
