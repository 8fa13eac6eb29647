"""What one API process holds for all its requests: the pools, the keys and the clients."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from zilliance.database import USUAL, Connection, Database, Terms
from zilliance.enums import Role
from zilliance.identity import Identity
from zilliance.settings import Login, Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect
from zilliance.tokens import TokenAuthority


@dataclass(slots=True)
class AppState:
    """Made when the process starts, closed when it stops.

    Attributes:
        database: connections of callers: they may become `anon` or `authenticated` and nothing else.
        accounts: connections that read and write schema `auth`.
        service: connections that may become `service_role`.
        temporal: dials at its first call, so that the API starts while Temporal is down.
        store: likewise, the bytes of objects.
    """

    settings: Settings
    tokens: TokenAuthority
    database: Database
    accounts: Database
    service: Database
    temporal: Client
    store: ObjectStore

    def transaction(self, identity: Identity, terms: Terms = USUAL) -> AbstractAsyncContextManager[Connection]:
        """A transaction as `identity`, on the pool that may take its role."""
        pool = self.service if identity.role is Role.SERVICE else self.database
        return pool.transaction(identity, terms)


@asynccontextmanager
async def app_state(settings: Settings) -> AsyncGenerator[AppState]:
    """Open everything that an API process needs, and close it in the end."""
    pools = [
        Database.of(settings.database, login, application_name="api")
        for login in (Login.REQUESTS, Login.ACCOUNTS, Login.SERVICE)
    ]
    store = ObjectStore.of(settings.storage)
    try:
        database, accounts, service = pools
        temporal = await connect(settings.temporal, lazy=True)
        yield AppState(settings, TokenAuthority(settings), database, accounts, service, temporal, store)
    finally:
        await store.close()
        for pool in pools:
            await pool.close()
