"""Streams of events to callers: bounded for each of them, and woken by what PostgreSQL notifies to every API process.

One connection listens for all streams of the process, and only while there are any. A notification says that there is
something new and not what: whoever is woken reads the row.
"""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from zilliance.errors import RateLimitedError
from zilliance.listener import listen
from zilliance.settings import DatabaseSettings, Login

STREAMS_A_USER = 10  # of whatever kind, in one process
LONGEST_SECONDS = 900.0  # of a stream: then the client connects again, with a token that is still good


class Streams:
    """The streams that are open in this process, so many for each user.

    Attributes:
        closing: the process stops: streams end, and their callers go on elsewhere.
    """

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._open: Counter[UUID] = Counter()

    @contextmanager
    def opened(self, user: UUID) -> Generator[None]:
        """One more for as long as the block runs. Raises RateLimitedError."""
        if self._open[user] >= STREAMS_A_USER:
            message = f"{STREAMS_A_USER} streams of yours are open: close one of them"
            raise RateLimitedError(message, code="TOO_MANY_STREAMS", headers={"Retry-After": "5"})
        self._open[user] += 1
        try:
            yield
        finally:
            self._open[user] -= 1
            if not self._open[user]:
                del self._open[user]


class Wakes:
    """What is notified on one channel, whose payloads are ids."""

    def __init__(self, settings: DatabaseSettings, channel: str, streams: Streams) -> None:
        self._settings = settings
        self._channel = channel
        self._streams = streams
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        """The process stops: streams end, and their callers go on elsewhere."""
        return self._streams.closing.is_set()

    @contextmanager
    def watching(self, subject: UUID, user: UUID) -> Generator[asyncio.Event]:
        """An event that is set whenever there may be something new of `subject`. Raises RateLimitedError."""
        woken = asyncio.Event()
        with self._streams.opened(user):
            self._waiting.setdefault(str(subject), set()).add(woken)
            if self._listening is None:
                listening = listen(self._settings, Login.REQUESTS, self._channel, self._heard)
                self._listening = asyncio.create_task(listening)
            try:
                yield woken
            finally:
                self._leave(str(subject), woken)

    def close(self) -> None:
        """Wake every stream for the last time: the streams are closing."""
        self._heard("")
        self._stop_listening()

    def _leave(self, subject: str, woken: asyncio.Event) -> None:
        self._waiting[subject].discard(woken)
        if not self._waiting[subject]:
            del self._waiting[subject]
        if not self._waiting:
            self._stop_listening()

    def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None

    def _heard(self, payload: str) -> None:
        """An empty payload: some may have been missed, so everybody looks."""
        subjects = [payload] if payload else list(self._waiting)
        for woken in (each for subject in subjects for each in self._waiting.get(subject, ())):
            woken.set()
