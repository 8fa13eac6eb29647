"""The catalogue follows the database: through bursts of changes, outages, and callers who think up names."""

import asyncio
import time
from collections.abc import AsyncGenerator

import asyncpg
import pytest

from api.rest.live_catalogue import REST_SECONDS, LiveCatalogue
from api.rest.statements import Statements
from tests.waiting import until
from zilliance.database import Database
from zilliance.errors import UnavailableError
from zilliance.settings import Login, Settings


class Counted(LiveCatalogue):
    """Counts how often it was made to read."""

    readings = 0

    async def reload(self) -> Statements:
        self.readings += 1
        return await super().reload()

    def has(self, name: str) -> bool:
        return self._statements is not None and ("public", name) in self._statements.catalogue.relations

    def columns(self, name: str) -> int:
        return 0 if self._statements is None else len(self._statements.catalogue.relation("public", name).columns)


@pytest.fixture
async def live(settings: Settings) -> AsyncGenerator[Counted]:
    service = Database.of(settings.database, Login.SERVICE, application_name="test")
    live = Counted(service, settings)
    async with live.followed():
        # It has read what there was when it began to listen, and knows of nothing newer.
        await until(lambda: live._read > 0 and not live._changed.is_set() and not live._reading.locked())
        yield live
    await service.close()


@pytest.fixture
async def admin(settings: Settings) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.database.admin_dsn())
    yield connection
    await connection.execute("DROP TABLE IF EXISTS public.live")
    await connection.close()


async def test_a_burst_of_changes_is_read_a_few_times(live: Counted, admin: asyncpg.Connection) -> None:
    before = live.readings
    began = time.monotonic()
    await admin.execute("CREATE TABLE public.live ()")
    for number in range(60):
        await admin.execute(f"ALTER TABLE public.live ADD COLUMN c{number} int")
    await until(lambda: live.has("live") and live.columns("live") == 60)
    assert 1 <= live.readings - before <= 2 + (time.monotonic() - began) / REST_SECONDS


async def test_what_changed_during_an_outage_is_read_after_it(live: Counted, admin: asyncpg.Connection) -> None:
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener pgrst';"
        "CREATE TABLE public.live ()"
    )
    await until(lambda: live.has("live"))
    await admin.execute("DROP TABLE public.live")  # and it hears again
    await until(lambda: not live.has("live"))


async def test_only_a_change_of_the_schema_is_read(live: Counted, admin: asyncpg.Connection) -> None:
    before = live.readings
    await admin.execute("NOTIFY pgrst, 'reload config'")
    await admin.execute("CREATE TEMP TABLE live_temporary (); DROP TABLE pg_temp.live_temporary")
    await asyncio.sleep(0.3)
    assert live.readings == before
    await admin.execute("NOTIFY pgrst, 'reload schema'")
    await until(lambda: live.readings == before + 1)
    await admin.execute("NOTIFY pgrst")
    await until(lambda: live.readings == before + 2)


async def test_unknown_names_are_looked_for_once_in_a_while(live: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.rest.live_catalogue.ASK_SECONDS", 1000.0)
    before = live.readings
    answers = await asyncio.gather(*(live.newer() for _ in range(50)))
    assert any(answers)
    assert await live.newer() is None
    assert live.readings == before + 1


async def test_what_could_not_be_read_is_still_to_be_read(settings: Settings) -> None:
    nowhere = settings.database.model_copy(update={"host": "127.0.0.1", "port": 1})
    service = Database.of(nowhere, Login.SERVICE, application_name="test")
    live = LiveCatalogue(service, settings)
    for _ in range(2):  # the second time not for the name that is looked for: that was just now
        with pytest.raises(UnavailableError):
            await live.newer()
    await service.close()


async def test_nothing_is_needed_to_begin(settings: Settings) -> None:
    nowhere = settings.database.model_copy(update={"host": "127.0.0.1", "port": 1})
    service = Database.of(nowhere, Login.SERVICE, application_name="test")
    live = LiveCatalogue(service, settings.model_copy(update={"database": nowhere}))
    async with live.followed():
        await asyncio.sleep(0.3)
        with pytest.raises(UnavailableError):
            await live.statements()
    await service.close()
