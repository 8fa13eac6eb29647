"""How the processing of a video goes on, as server-sent events, from whichever process works on it."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from api.event_streams import STILL_THERE, event
from api.video.runs import no_such_video
from api.wakes import LONGEST_SECONDS, Wakes
from zilliance.database import READING, Database, PostgresError
from zilliance.errors import AppError
from zilliance.identity import Identity

KEEP_ALIVE_SECONDS = 15.0  # less than proxies wait; the row is then looked at, too

_STATE = "SELECT state, is_open FROM private.video_progress($1)"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a client is told: the JSON text, and whether more will come. Equal texts have equal ids."""

    text: str
    is_open: bool

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.is_open} {self.text}".encode()).hexdigest()[:16]

    def event(self) -> bytes:
        return event("progress" if self.is_open else "end", self.text.encode(), self.id)


async def read_progress(database: Database, caller: Identity, video_id: UUID) -> Progress:
    """Raises NotFoundError."""
    async with database.transaction(caller, READING) as connection:
        row = await connection.fetchrow(_STATE, video_id)
    if row is None or row["state"] is None:
        raise no_such_video(video_id)
    return Progress(row["state"], is_open=row["is_open"])


@dataclass(frozen=True, slots=True)
class ProgressStream:
    """The events of one video for one caller: each state that is seen once, up to the end."""

    database: Database
    wakes: Wakes
    caller: Identity
    video_id: UUID

    async def events(self, told: str) -> AsyncGenerator[bytes]:
        """`told` is the id of what the client knows already; nothing comes when it knows the end.

        Raises NotFoundError and RateLimitedError before anything has come.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_SECONDS
        # Listening begins before the first look, so that nothing falls between the two.
        with self.wakes.watching(self.video_id, cast("UUID", self.caller.user_id)) as woken:
            state: Progress | None = await read_progress(self.database, self.caller, self.video_id)
            while state is not None:
                if state.id != told:
                    yield state.event()
                    told = state.id
                elif state.is_open:
                    yield STILL_THERE
                if not state.is_open or self.wakes.is_closed or loop.time() > until:
                    return
                await _woken(woken)
                state = await self._next()

    async def _next(self) -> Progress | None:
        """None: the video, the session, or the database has gone; the client asks again, and is told."""
        try:
            return await read_progress(self.database, self.caller, self.video_id)
        except (AppError, PostgresError):
            return None


async def _woken(event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(KEEP_ALIVE_SECONDS):
            await event.wait()
    event.clear()
