"""What one worker process holds for all its activities."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from activities.llm.provider import Provider
from activities.protocols.programs import Programs
from zilliance.database import Database
from zilliance.errors import UnavailableError
from zilliance.outbound import OutboundClient
from zilliance.own_api import OwnApi
from zilliance.processes import Processes, conceal
from zilliance.settings import Login, Settings
from zilliance.storage import ObjectStore
from zilliance.tokens import TokenAuthority

PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Resources:
    """Clients of the outside systems, each through its one door. Without a gateway of models there is no provider."""

    settings: Settings
    client: Client
    database: Database
    outbound: OutboundClient
    store: ObjectStore
    programs: Programs
    provider: Provider | None
    api: OwnApi

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
async def open_resources(settings: Settings, client: Client, store: ObjectStore) -> AsyncGenerator[Resources]:
    """Open what activities need beside the Temporal client and the store that it keeps large values in."""
    database = Database.of(settings.database, Login.WORKER, application_name="worker")
    outbound = OutboundClient.of(settings)
    if settings.workflow.run_allow:
        conceal()
    programs = Programs(Processes(), frozenset(settings.workflow.run_allow))
    gateway = settings.ai_gateway
    provider = None if gateway is None else Provider(gateway, settings.ai)
    api = OwnApi(settings.gateway.internal_url or settings.api_url, TokenAuthority(settings).service_role_key)
    try:
        yield Resources(settings, client, database, outbound, store, programs, provider, api)
    finally:
        if provider is not None:
            await provider.close()
        await api.close()
        await programs.close()
        await outbound.close()
        await database.close()
