"""Who all want the same row wait here and not in the database, where each of them holds a connection of everybody's."""

import asyncio
import sys
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from zilliance.errors import AppError, BusyError, RateLimitedError

MOST_POSTS_WAITING = 200  # of one video, with the one whose turn it is
MOST_CALLS_WAITING = 1000  # with one key, of one owner, and of strangers
CALLS_OF_A_KEY = 3  # enough to keep its row busy
_STRANGERS = None
_MOST_KNOWN = 10_000  # keys; about 3 MB
CONNECTIONS_LEFT = 2  # by the gateway, for those who play and all others


@dataclass(slots=True)
class _Line:
    """Those who want one thing."""

    turn: asyncio.Semaphore
    length: int = 0


class Turns:
    """Whose turn it is in this process.

    Args:
        each: how many at once may have one thing.
        at_once: how many at once may have anything: the rest of the connections is there for others.
        most_waiting: how many may want one thing, with those whose turn it is.
        refusal: what one more is told.
    """

    def __init__(self, *, each: int, at_once: int, most_waiting: int, refusal: Callable[[], AppError]) -> None:
        self._each = each
        self._all = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._refusal = refusal
        self._lines: dict[Hashable, _Line] = {}

    @asynccontextmanager
    async def taken(self, what: Hashable) -> AsyncGenerator[None]:
        """The block runs when it is its turn. Raises the refusal when too many wait already."""
        line = self._lines.get(what)
        if line is None:
            line = self._lines[what] = _Line(asyncio.Semaphore(self._each))
        if line.length >= self._most_waiting:
            raise self._refusal()
        line.length += 1
        try:
            async with line.turn, self._all:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[what]


def of_watching() -> Turns:
    """Posts of what was watched, by video: its row lets one through at a time, and whoever has a link may post."""
    return Turns(each=1, at_once=3, most_waiting=MOST_POSTS_WAITING, refusal=_too_many_posts)


class Admissions:
    """Who waits to be admitted to the gateway: who calls all the time must not slow others.

    Keys wait one by one, and those of one owner together have half of the connections at most. Whose a key is, is known
    here from its last admission. All that are not known share one line, so that a flood of made-up keys fills that one.
    """

    def __init__(self, connections: int) -> None:
        at_once = max(connections - CONNECTIONS_LEFT, 1)
        self._keys = _of_calls(each=CALLS_OF_A_KEY, at_once=sys.maxsize)
        self._owners = _of_calls(each=max(at_once // 2, 1), at_once=at_once)
        self._known: OrderedDict[bytes, UUID] = OrderedDict()

    @asynccontextmanager
    async def of_key(self, digest: bytes | None) -> AsyncGenerator[None]:
        """The block asks about a key. Raises BusyError when too many wait already."""
        async with self._keys.taken(digest), self.of_owner(self._known.get(digest) if digest else _STRANGERS):
            yield

    @asynccontextmanager
    async def of_owner(self, owner: UUID | None) -> AsyncGenerator[None]:
        """The block asks for an owner, None: for strangers. Raises as above."""
        async with self._owners.taken(owner):
            yield

    def learn(self, digest: bytes, owner: UUID | None) -> None:
        """Whose key it is that has just been asked about; None: it is no good."""
        if owner is None:
            self._known.pop(digest, None)
            return
        self._known[digest] = owner
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def _of_calls(each: int, at_once: int) -> Turns:
    return Turns(each=each, at_once=at_once, most_waiting=MOST_CALLS_WAITING, refusal=_too_many_calls)


def _too_many_posts() -> AppError:
    message = "Too many players tell at once what was watched of this video: tell it again later"
    return RateLimitedError(message, code="TOO_MANY_POSTS", headers={"Retry-After": "10"})


def _too_many_calls() -> AppError:
    message = "As many requests as one process has room for wait to be admitted: try again shortly"
    return BusyError(message)
