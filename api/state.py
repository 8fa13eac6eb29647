"""What one API process holds for all its requests: the pools, the keys and the clients."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from temporalio.client import Client

from api.acceptance import Acceptance
from api.computing import Computing
from api.pages import Pages
from api.request_log import RequestLog
from api.turns import Admissions, Turns, of_watching
from api.under_way import UnderWay
from api.wakes import Streams, Wakes
from zilliance.database import USUAL, Connection, Database, Terms
from zilliance.enums import Role
from zilliance.identity import Identity
from zilliance.outbound import OutboundClient
from zilliance.outbound_addresses import Lookups
from zilliance.sealing import Sealer
from zilliance.settings import Login, Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect
from zilliance.tokens import TokenAuthority

_LOOKUPS_AT_ONCE = 2  # of names that somebody writes down; calls have their own


@dataclass(slots=True)
class AppState:
    """Made when the process starts, closed when it stops.

    Attributes:
        database: connections of callers: they may become `anon` or `authenticated` and nothing else.
        accounts: connections that read and write schema `auth`.
        service: connections that may become `service_role`.
        temporal: dials at its first call, so that the API starts while Temporal is down.
        store: likewise, the bytes of objects.
        acceptance: what is kept between the runs that are accepted.
        sealer: seals what nobody may read in the database.
        targets: knows which hosts may be called, for whoever writes one down.
        videos: wakes whoever follows a video.
        answers: wakes whoever follows what a model is writing.
        streams: all that are open, whatever they follow: so many for each account.
        computing: threads for what would hold up the event loop.
        pages: of tutorials, rendered lately.
        requests: the gateway's log.
        under_way: requests that may last for long.
        admissions: who waits to be admitted to the gateway.
        watching: what players tell of what was watched.
    """

    settings: Settings
    tokens: TokenAuthority
    database: Database
    accounts: Database
    service: Database
    temporal: Client
    store: ObjectStore
    acceptance: Acceptance
    computing: Computing
    pages: Pages
    sealer: Sealer
    targets: OutboundClient
    videos: Wakes
    answers: Wakes
    streams: Streams
    requests: RequestLog
    admissions: Admissions
    watching: Turns = field(default_factory=of_watching)
    under_way: UnderWay = field(default_factory=UnderWay)

    def transaction(self, identity: Identity, terms: Terms = USUAL) -> AbstractAsyncContextManager[Connection]:
        """A transaction as `identity`, on the pool that may take its role."""
        pool = self.service if identity.role is Role.SERVICE else self.database
        return pool.transaction(identity, terms)

    def stop(self) -> None:
        """The process was told to stop: streams end at once, and what else lasts has a while."""
        self.streams.closing.set()
        self.videos.close()
        self.answers.close()
        self.under_way.stop()


@asynccontextmanager
async def app_state(settings: Settings) -> AsyncGenerator[AppState]:
    """Open everything that an API process needs, and close it in the end."""
    pools = [
        Database.of(settings.database, login, application_name="api")
        for login in (Login.REQUESTS, Login.ACCOUNTS, Login.SERVICE)
    ]
    store = ObjectStore.of(settings.storage)
    database, accounts, service = pools
    acceptance = Acceptance.of(database, most_open=settings.workflow.max_open_executions)
    computing = Computing()
    streams = Streams()
    videos = Wakes(settings.database, "videos", streams)
    answers = Wakes(settings.database, "ai_deltas", streams)
    requests = RequestLog(service)
    lookups = Lookups(_LOOKUPS_AT_ONCE)
    targets = OutboundClient.of(settings, lookups)
    try:
        temporal = await connect(settings.temporal, store, lazy=True)
        yield AppState(
            settings=settings,
            tokens=TokenAuthority(settings),
            database=database,
            accounts=accounts,
            service=service,
            temporal=temporal,
            store=store,
            acceptance=acceptance,
            computing=computing,
            pages=Pages(computing),
            sealer=Sealer.of(settings.secrets),
            targets=targets,
            videos=videos,
            answers=answers,
            streams=streams,
            requests=requests,
            admissions=Admissions(settings.database.pool_size),
        )
    finally:
        streams.closing.set()
        videos.close()
        answers.close()
        computing.close()
        await requests.close()
        await targets.close()
        lookups.close()
        await acceptance.starts.close()
        await store.close()
        for pool in pools:
            await pool.close()
