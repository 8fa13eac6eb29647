"""The catalogue as it is now: read when it is first needed, and again when the database says that it changed."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from api.rest.catalogue import load
from api.rest.statements import Statements
from zilliance.database import Database, PostgresError
from zilliance.errors import AppError
from zilliance.listener import listen
from zilliance.settings import Login, Settings

CHANNEL = "pgrst"  # the name that migrations of Supabase projects notify
ASK_SECONDS = 5.0  # how often an unknown name may make us look again
REST_SECONDS = 0.1  # between two reloads, however often the database is changed
_RELOADS = frozenset({"", "reload schema"})  # "reload config" says nothing here: settings come from the environment

_log = logging.getLogger(__name__)


class LiveCatalogue:
    """Owns the statements of the newest catalogue. Reads with `service`, since the catalogue is no caller's own."""

    def __init__(self, service: Database, settings: Settings) -> None:
        self._service = service
        self._settings = settings
        self._statements: Statements | None = None
        self._reading = asyncio.Lock()
        self._wanted = 0
        self._read = 0
        self._asked_at = float("-inf")
        self._changed = asyncio.Event()

    async def statements(self) -> Statements:
        """The statements over the catalogue as it was last read. Raises UnavailableError before the first reading."""
        return self._statements or await self.reload()

    async def newer(self) -> Statements | None:
        """For a name that is not there: statements over a catalogue that was read since, or None if it must be so.

        Callers may think up as many names as they like, so this looks once in `ASK_SECONDS` and no more, unless the
        database has said that there is something new.
        """
        if self._reading.locked():
            async with self._reading:
                return self._statements
        if not self._changed.is_set():
            if time.monotonic() - self._asked_at < ASK_SECONDS:
                return None
            self._asked_at = time.monotonic()
        try:
            return await self.reload()
        except PostgresError:  # something went while it was read; what made it go makes us read again
            return None

    async def reload(self) -> Statements:
        """Read the catalogue anew. Those who want it while it is read share the reading that follows."""
        self._wanted += 1
        wanted = self._wanted
        async with self._reading:
            if self._statements is None or self._read < wanted:
                beginning = self._wanted
                self._changed.clear()
                try:
                    self._statements = await self._newest()
                except BaseException:  # also when the caller who wanted it is gone: what was heard is still to be read
                    self._changed.set()
                    raise
                self._read = beginning
            return self._statements

    async def _newest(self) -> Statements:
        async with self._service.service(reason="the catalogue belongs to no caller") as connection:
            return Statements(await load(connection, self._settings.rest.schemas))

    @asynccontextmanager
    async def followed(self) -> AsyncGenerator[None]:
        """Keep the catalogue fresh inside the block. The database may be down: it is waited for in the background."""
        tasks = [
            asyncio.create_task(listen(self._settings.database, Login.REQUESTS, CHANNEL, self._hear)),
            asyncio.create_task(self._keep_fresh()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def _hear(self, payload: str) -> None:
        if payload in _RELOADS:
            self._changed.set()

    async def _keep_fresh(self) -> None:
        while True:
            await self._changed.wait()
            try:
                await self.reload()
            except (AppError, PostgresError) as error:
                _log.warning("The catalogue could not be read; trying again: %s", error)
                self._changed.set()
                await asyncio.sleep(1)
            await asyncio.sleep(REST_SECONDS)
