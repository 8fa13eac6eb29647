"""Answers of targets that are given again for a while, where an endpoint asks for it: a shared cache by RFC 9111."""

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.gateway import cache_rules as rules
from api.gateway.cache_store import CacheStore, Changes, Kept, Place, Values
from api.gateway.calls import Call, RawHeaders

MOST_ANSWER_BYTES = 2 * 1024 * 1024  # of one; larger ones pass and are not kept
_RECORDING_SHARE = 4  # what is on its way takes a quarter of all that may be kept, at most
_SLOW_SECONDS = 5.0  # that an answer is on its way before another one is copied in its place
_SAFE = frozenset({"GET", "HEAD"})
_NOT_MODIFIED = 304
_WITHOUT_BODY = frozenset({204, _NOT_MODIFIED})
_FAILED = 400
# What a 304 says of what is kept (RFC 9110, 15.4.5).
_OF_304 = frozenset({b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary", b"last-modified"})
_WRITTEN_ANEW = frozenset({b"age", b"cache-status", b"content-length"})


class Asked(NamedTuple):
    """A request to an endpoint, as far as it matters here.

    Attributes:
        seconds: the endpoint's `cache_seconds`.
        since: when it was asked, by the clock of the cache.
    """

    place: Place
    seconds: int
    method: str
    headers: RawHeaders
    since: float

    @classmethod
    def of(cls, owner: UUID, endpoint: tuple[UUID, datetime | None], seconds: int, call: Call) -> "Asked":
        """`endpoint` is its id and its version."""
        place = Place(owner, call.path.text, call.query, *endpoint)
        return cls(place, seconds, call.method, call.headers, time.monotonic())


class Given(NamedTuple):
    """An answer of the cache."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Recording:
    """An answer on its way through, of which a copy is made, or not."""

    __slots__ = ("_cache", "_owner", "_pieces", "_size", "is_complete")

    def __init__(self, cache: "ResponseCache | None", owner: UUID) -> None:
        """Begin one; without a cache nothing is copied."""
        self._cache = cache
        self._owner = owner
        self._pieces: list[bytes] = []
        self._size = 0
        self.is_complete = False

    def add(self, piece: bytes) -> None:
        """The next piece of the body. An answer that becomes too large is not copied any more."""
        if self._cache is None:
            return
        if self._size + len(piece) > MOST_ANSWER_BYTES or not self._cache.took(self._owner, len(piece)):
            self.drop()
            return
        self._pieces.append(piece)
        self._size += len(piece)

    def drop(self) -> None:
        if self._cache is not None:
            self._cache.gave_back(self._owner, self._size)
        self._cache, self._size = None, 0
        self._pieces.clear()

    def body(self) -> bytes | None:
        """All of it; None: there is no copy of all."""
        return b"".join(self._pieces) if self._cache is not None and self.is_complete else None


class ResponseCache:
    """The answers that this process keeps, `most_bytes` in all; 0: none."""

    def __init__(self, most_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most_bytes
        self._clock = clock
        self._store = CacheStore(most_bytes)
        self._changes = Changes()
        self._under_way: dict[Place, tuple[float, Recording]] = {}  # since when
        self._recorded: Counter[UUID] = Counter()  # by owner

    def find(self, asked: Asked) -> Given | None:
        """What is kept for a request. None: it goes to its target."""
        if not asked.seconds or asked.method not in _SAFE or not rules.may_be_asked(asked.headers):
            return None
        answers = self._store.get(asked.place)
        kept = None if answers is None else answers.variants.get(_values(asked, answers.varying))
        now = self._clock()
        if kept is None or now >= kept.fresh_until:
            return None
        oldest = rules.oldest_taken(asked.headers)
        if oldest is not None and now - kept.born > oldest:
            return None
        return _given(asked, kept, now)

    @contextmanager
    def recording(self, asked: Asked, status: int, *, received: RawHeaders, passed: RawHeaders) -> Generator[Recording]:
        """Copy an answer while the block passes it on; it is kept if the block says that it is complete.

        `received` are the headers as the target sent them, `passed` those that the caller gets. What has changed
        something makes go what is kept of its path.
        """
        if asked.method not in _SAFE and status < _FAILED:
            self._changes.note(asked.place.owner, asked.place.path, self._clock())
            self._store.forget(asked.place.owner, asked.place.path)
        seconds = self._seconds(asked, status, received)
        now = self._clock()
        other = self._under_way.get(asked.place)
        if not seconds or (other is not None and now - other[0] < _SLOW_SECONDS):
            yield Recording(None, asked.place.owner)
            return
        recording = Recording(self, asked.place.owner)
        self._under_way[asked.place] = mine = (now, recording)
        headers = [each for each in passed if each[0] not in _WRITTEN_ANEW]  # now: others add to them for one caller
        try:
            yield recording
            body = recording.body() if self._under_way.get(asked.place) is mine else None
            if body is not None and self._changes.last(asked.place.owner, asked.place.path) < asked.since:
                kept = Kept(status, headers, body, fresh_until=now + seconds, born=now - rules.age(received))
                varying = rules.varying(received) or ()
                self._store.put(asked.place, varying, _values(asked, varying), kept)
        finally:
            recording.drop()
            if self._under_way.get(asked.place) is mine:
                del self._under_way[asked.place]

    def took(self, owner: UUID, size: int) -> bool:
        """Whether so much more of answers on their way is copied: all together have their bound.

        No owner has more of it than is left to all others: one whose callers read slowly must not have all of it.
        """
        left = self._most // _RECORDING_SHARE - self._recorded.total()
        if self._recorded[owner] + size > left:
            return False
        self._recorded[owner] += size
        return True

    def gave_back(self, owner: UUID, size: int) -> None:
        self._recorded[owner] -= size
        if not self._recorded[owner]:
            del self._recorded[owner]

    def _seconds(self, asked: Asked, status: int, received: RawHeaders) -> int:
        if not (self._most and asked.seconds) or asked.method != "GET" or not rules.may_be_recorded(asked.headers):
            return 0
        return rules.lifetime(status, received, asked.seconds)


def _values(asked: Asked, varying: tuple[bytes, ...]) -> Values:
    return tuple(tuple(rules.values(asked.headers, name)) for name in varying)


def _given(asked: Asked, kept: Kept, now: float) -> Given:
    headers, status = kept.headers, kept.status
    is_short = rules.is_unchanged(asked.headers, headers)
    if is_short:
        status, headers = _NOT_MODIFIED, [each for each in headers if each[0] in _OF_304]
    own = [(b"age", b"%d" % (now - kept.born)), (b"cache-status", b"zilliance; hit; ttl=%d" % (kept.fresh_until - now))]
    if status not in _WITHOUT_BODY:
        own.append((b"content-length", b"%d" % len(kept.body)))
    body = b"" if is_short or asked.method == "HEAD" else kept.body
    return Given(status, [*headers, *own], body)
