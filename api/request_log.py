"""The gateway's log: requests are noted without waiting, and written in batches, all of them before a stop."""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

import orjson

from zilliance.database import Database, PostgresError
from zilliance.errors import UnavailableError

# With the time that it takes to write them, no row is older than a second when the process is killed, as long as
# PostgreSQL takes them at its usual pace.
FLUSH_SECONDS = 0.5
BATCH = 500  # rows of one statement; so many are written at once, without waiting for the time
MOST_WAITING = 20_000  # while PostgreSQL is away; about 15 MB
MOST_OF_NOBODY = MOST_WAITING // 2  # so that a flood of made-up keys drives out nothing that owners want to know
LONGEST_PATH, LONGEST_AGENT = 2048, 500  # characters that are kept
LONGEST_OF_NOBODY = 200  # of either: whoever has no key must not fill the disk
PAUSE_SECONDS = 1.0  # between two tries
CLOSE_SECONDS = 3.0  # that a stop waits for PostgreSQL: supervisors wait 8 s for all of it, and then kill
WRITE_SECONDS = 20.0  # more than PostgreSQL gives a statement: for a connection that has gone silent

_TICK = 245  # nanoseconds; the least that shows in twelve bits of a millisecond

_WRITE = "SELECT private.log_requests($1)"
_REASON = "requests are logged by the platform, those of nobody, too"
_ABOUT_THE_ROW = ("22", "23")  # classes of SQLSTATE: a value that is wrong, a constraint that does not hold

log = logging.getLogger(__name__)


class _Clock:
    """Nanoseconds since 1970 that never stand still, whatever the machine's clock does."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        self._last = max(time.time_ns(), self._last + _TICK)
        return self._last


_clock = _Clock()


def new_id() -> UUID:
    """An id that sorts by time (RFC 9562, version 7) and behind all that this process made before.

    As PostgreSQL's uuidv7() does, the twelve bits behind the milliseconds hold their fraction (method 3 of section
    6.2). Made here, so that a batch whose answer was lost can be sent again without becoming rows twice.
    """
    milliseconds, rest = divmod(_clock.now(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    chance = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | chance)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class LoggedRequest:
    """A row of `api_requests`. Sizes are bytes of bodies; texts may be whatever a caller sent.

    Attributes:
        user_id: the owner of key and endpoint; None where neither is known: then only the service reads the row.
        response_time_ms: until the last byte.
        created_at: when the request came; a moment ago when left out.
    """

    method: str
    path: str
    status_code: int
    response_time_ms: int
    user_id: UUID | None = None
    endpoint_id: UUID | None = None
    api_key_id: UUID | None = None
    request_size: int = 0
    response_size: int = 0
    ip_address: str | None = None
    user_agent: str | None = None
    created_at: datetime = field(default_factory=_now)
    id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        most = LONGEST_OF_NOBODY if self.user_id is None else LONGEST_PATH
        self.method, self.path = _text(self.method, 20), _text(self.path, most)
        if self.user_agent is not None:
            self.user_agent = _text(self.user_agent, min(most, LONGEST_AGENT))


class RequestLog:
    """The requests that this process has still to write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[LoggedRequest] = deque()
        self._many = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._is_closed = False
        self._lost = 0
        self._of_nobody = 0

    def add(self, request: LoggedRequest) -> None:
        """Note a request. Never fails and never waits: when too many wait already, it is counted as lost."""
        is_nobodys = request.user_id is None
        if self._is_closed or len(self._waiting) >= MOST_WAITING or (is_nobodys and self._of_nobody >= MOST_OF_NOBODY):
            self._lost += 1
            return
        self._waiting.append(request)
        self._of_nobody += is_nobodys
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        elif len(self._waiting) >= BATCH:
            self._many.set()

    async def close(self) -> None:
        """Write what waits. No more is taken; what PostgreSQL does not take in CLOSE_SECONDS is lost, and told."""
        self._is_closed = True
        self._many.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                if self._writing is not None:
                    await self._writing
        self._lost += len(self._waiting)
        self._waiting.clear()
        self._of_nobody = 0
        self._tell_lost()

    async def _write_all(self) -> None:
        """Write whenever there are many or the first has waited long enough, until none waits."""
        try:
            while self._waiting:
                if len(self._waiting) < BATCH:
                    await self._fill()
                await self._write_next()
        finally:
            self._writing = None

    async def _fill(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._many.wait()
        if not self._is_closed:
            self._many.clear()

    async def _write_next(self) -> None:
        """A batch, which leaves the queue when it is written. While PostgreSQL is away, it stays."""
        batch = list(islice(self._waiting, BATCH))
        try:
            await self._write(batch)
        except (UnavailableError, PostgresError, TimeoutError) as error:
            log.warning("requests cannot be logged now, and wait: %s", error, extra={"waiting": len(self._waiting)})
            await asyncio.sleep(PAUSE_SECONDS)
            return
        for _ in batch:
            self._of_nobody -= self._waiting.popleft().user_id is None
        self._tell_lost()

    async def _write(self, batch: Sequence[LoggedRequest]) -> None:
        """Write these. A row that PostgreSQL refuses must not hold up the others: it is looked for by halves."""
        try:
            rows = orjson.dumps(batch, default=str).decode()  # asyncpg has UUIDs of its own
            await self._database.call(_WRITE, rows, reason=_REASON, seconds=WRITE_SECONDS)
        except PostgresError as error:
            if (error.sqlstate or "")[:2] not in _ABOUT_THE_ROW:
                raise
            if len(batch) == 1:
                log.error("a request cannot be logged: %s", error, extra={"request": batch[0].id})  # noqa: TRY400  the message says it
                self._lost += 1
                return
            middle = len(batch) // 2
            await self._write(batch[:middle])
            await self._write(batch[middle:])

    def _tell_lost(self) -> None:
        if self._lost:
            log.error("requests of the gateway were not logged", extra={"lost": self._lost})
            self._lost = 0


def _text(value: str, most: int) -> str:
    """The beginning of what a caller sent, as PostgreSQL takes it: no NUL, and no half of a surrogate pair."""
    value = value[:most]
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return value.replace("\0", "\ufffd")
