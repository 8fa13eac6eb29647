"""Bodies on their way into and out of the S3 store: what is held of them, and what runs beside what."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable

    from zilliance.s3 import Body, Bucket, Part, Stored

PART_BYTES = 6 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024  # of what is read

_THREADS = 16
_PARTS_AT_ONCE = 3  # of all uploads together: with the one that each gathers, this is what they take in memory

_T = TypeVar("_T")


class TooManyBytesError(Exception):
    """More bytes came than may; nothing is left of them in the store."""


async def gathered(chunks: AsyncIterable[bytes], max_bytes: int | None) -> AsyncGenerator[bytearray]:
    """The same bytes in bodies of PART_BYTES; the last one is smaller, and may be empty.

    They are gathered in one place, however small the chunks are, so each body must be copied before the next is asked
    for. Copies of one size fill the holes that earlier ones left; bodies that grew in place made the process grow.
    """
    place, filled, size = bytearray(), 0, 0
    async for chunk in chunks:
        size += len(chunk)
        if max_bytes is not None and size > max_bytes:
            raise TooManyBytesError
        rest = memoryview(chunk)
        while len(rest) >= (room := PART_BYTES - filled):
            place[filled:] = rest[:room]
            yield place
            filled, rest = 0, rest[room:]
        place[filled : filled + len(rest)] = rest
        filled += len(rest)
    del place[filled:]
    yield place


class Threads:
    """Where calls block. One that runs cannot be stopped, whatever becomes of who waits for it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self.part_slots = asyncio.Semaphore(_PARTS_AT_ONCE)

    def submit(self, function: Callable[..., _T], *arguments: object) -> asyncio.Future[_T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)


class Writing:
    """One object that is being written, with the calls for it that are under way."""

    def __init__(self, threads: Threads, bucket: Bucket, key: str) -> None:
        self._threads = threads
        self._bucket = bucket
        self._key = key
        self._begun: asyncio.Future[str] | None = None
        self._upload_id = ""
        self._parts: list[asyncio.Future[Part]] = []
        self._running: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None

    async def call(self, function: Callable[..., _T], *arguments: object) -> _T:
        """Call in a thread, and keep an eye on it when nobody waits any more."""
        return await asyncio.shield(self._started(function, *arguments))

    async def room(self) -> None:
        """Wait until one more part may be on its way. Raises what an earlier one failed of."""
        if not self._upload_id:
            self._begun = self._started(self._bucket.begin, self._key)
            self._upload_id = await asyncio.shield(self._begun)
        await self._threads.part_slots.acquire()
        if self._failure is not None:
            self._threads.part_slots.release()
            raise self._failure

    def part(self, function: Callable[..., Part], *arguments: object) -> None:
        """Begin the next part by `function(key, upload id, number, …)`; `room` must have been waited for."""
        started = self._started(function, self._key, self._upload_id, len(self._parts) + 1, *arguments)
        started.add_done_callback(lambda _: self._threads.part_slots.release())
        self._parts.append(started)

    async def complete(self) -> Stored:
        await asyncio.wait(self._parts)
        return await self.call(
            self._bucket.complete, self._key, self._upload_id, [each.result() for each in self._parts]
        )

    async def settled(self) -> None:
        """Wait until nothing is under way, however it ends."""
        if self._running:
            await asyncio.wait(self._running)

    async def aborted(self) -> None:
        """Forget the parts of this very writing, when it has settled. What others store under the key stays."""
        if self._begun is not None and self._begun.exception() is None:
            await self._threads.submit(self._bucket.abort, self._key, self._begun.result())

    def _started(self, function: Callable[..., _T], *arguments: object) -> asyncio.Future[_T]:
        started = self._threads.submit(function, *arguments)
        self._running.add(started)
        started.add_done_callback(self._ended)
        return started

    def _ended(self, call: asyncio.Future[Any]) -> None:
        self._running.discard(call)
        self._failure = self._failure or call.exception()


class Reading:
    """One body that is being read: the next chunk is fetched while the one before is handed on."""

    def __init__(self, threads: Threads, opening: Callable[[], Body]) -> None:
        self._threads = threads
        self._opened = threads.submit(_opened, opening)
        self._ahead: asyncio.Future[bytes] | None = None

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Wait until it is open; then the chunks."""
        return self._chunks(*await asyncio.shield(self._opened))

    def close(self) -> None:
        """Give the connection up as soon as nothing reads from it; a chunk that is on its way is near its end."""
        (self._ahead or self._opened).add_done_callback(self._close)

    async def _chunks(self, body: Body, chunk: bytes) -> AsyncGenerator[bytes]:
        while chunk:
            ahead = self._ahead = self._threads.submit(body.read, CHUNK_BYTES) if body.left else None
            yield chunk
            chunk = b"" if ahead is None else await asyncio.shield(ahead)

    def _close(self, latest: asyncio.Future[Any]) -> None:
        latest.exception()  # whoever left early does not want to know
        if self._opened.exception() is None:
            self._opened.result()[0].close()


def _opened(opening: Callable[[], Body]) -> tuple[Body, bytes]:
    """The body, and its first chunk in the same turn: most objects are no larger."""
    body = opening()
    try:
        return body, body.read(CHUNK_BYTES)
    except BaseException:
        body.close()
        raise
