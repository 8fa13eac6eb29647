"""The one door to the S3 store: objects go in and come out as streams, whatever their size."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from zilliance.errors import UnavailableError
from zilliance.s3 import DELETED_AT_ONCE, Bucket, Part, Stored
from zilliance.s3_errors import MissingObjectError, RefusedByStoreError
from zilliance.s3_transfers import CHUNK_BYTES, PART_BYTES, Reading, Threads, TooManyBytesError, Writing, gathered

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Coroutine, Sequence
    from uuid import UUID

    from zilliance.settings import StorageSettings

__all__ = [
    "CHUNK_BYTES",
    "PART_BYTES",
    "MissingObjectError",
    "ObjectStore",
    "Part",
    "RefusedByStoreError",
    "Stored",
    "TooManyBytesError",
    "object_key",
]

TAIL_SUFFIX = ".tail"  # of the key of what a resumable upload has received beyond its last part

_COPIED_AT_ONCE = 1024 * 1024 * 1024


def object_key(version: UUID) -> str:
    """Where the bytes of one version are. They are written once: other bytes are another version."""
    return f"objects/{version.hex[-2:]}/{version}"


class ObjectStore:
    """The bytes of the platform. Calls block in threads of its own, never the loop.

    Every method raises UnavailableError when the store cannot be reached or says that it is too busy.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._has_bucket = False
        self._threads = Threads()
        self._undoing: set[asyncio.Task[None]] = set()

    @classmethod
    def of(cls, settings: StorageSettings) -> ObjectStore:
        """Nothing is dialled yet, so this succeeds while the store is down."""
        return cls(Bucket.of(settings))

    async def close(self) -> None:
        """Wait for what is being undone, then let go of every connection."""
        await asyncio.gather(*self._undoing)
        await self._threads.close()
        self._bucket.close()

    async def make_bucket(self) -> None:
        """Make the bucket where there is none; the first write of a process does so, too."""
        await self._threads.submit(self._bucket.make)
        self._has_bucket = True

    async def put(
        self, key: str, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None, is_shared: bool = False
    ) -> Stored:
        """Store a body as it comes: a small one in one request, a large one in parts that travel beside each other.

        Raises TooManyBytesError as soon as there are more than `max_bytes`. After an error and after a cancellation
        nothing is left of it, unless the store itself is what failed. Where others may store the same bytes under the
        key (`is_shared`), what is there then stays.
        """
        async with self._writing(key, is_shared=is_shared) as writing, aclosing(gathered(chunks, max_bytes)) as bodies:
            body = await anext(bodies)
            if len(body) < PART_BYTES:
                return await writing.call(self._bucket.put, key, body)
            while body:
                await writing.room()
                writing.part(self._bucket.put_part, bytes(body))
                body = await anext(bodies, b"")
            return await writing.complete()

    @asynccontextmanager
    async def read(self, key: str, *, first: int = 0, last: int | None = None) -> AsyncGenerator[AsyncIterator[bytes]]:
        """The bytes from `first` to `last`, both included, in chunks of CHUNK_BYTES at most.

        Leaving the block early gives the connection up. Raises MissingObjectError.
        """
        reading = Reading(self._threads, partial(self._bucket.open, key, first, last))
        try:
            yield await reading.chunks()
        finally:
            reading.close()

    async def stat(self, key: str) -> Stored:
        """Raises MissingObjectError."""
        return await self._threads.submit(self._bucket.stat, key)

    async def replace(self, key: str, body: bytes | bytearray) -> Stored:
        """Store a small body in one request. Until that is done, and when it fails, what was there stays."""
        await self._prepare()
        return await self._threads.submit(self._bucket.put, key, body)

    async def fetch(self, key: str) -> bytes:
        """A small object as a whole. Raises MissingObjectError."""
        async with self.read(key) as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def discard_under(self, prefix: str) -> None:
        """Leave nothing of the keys that begin so, neither objects nor multipart uploads; none is no error."""
        await self._prepare()
        for key, upload_id in await self._threads.submit(self._bucket.uploads, prefix):
            await self.abort_parts(key, upload_id)
        while keys := await self._threads.submit(self._bucket.keys, prefix):
            await self.delete(keys)

    async def copy(self, source: str, target: str) -> Stored:
        """Copy inside the store. Raises MissingObjectError."""
        size = (await self.stat(source)).size
        async with self._writing(target) as writing:
            if size <= _COPIED_AT_ONCE:
                return await writing.call(self._bucket.copy, source, target, size)
            for first in range(0, size, _COPIED_AT_ONCE):
                await writing.room()
                span = range(first, min(first + _COPIED_AT_ONCE, size))
                writing.part(self._bucket.copy_part, source, span)
            return await writing.complete()

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are missing are no error."""
        await self._prepare()
        for start in range(0, len(keys), DELETED_AT_ONCE):
            await self._threads.submit(self._bucket.delete, keys[start : start + DELETED_AT_ONCE])

    async def begin_parts(self, key: str) -> str:
        """Begin a multipart upload; its id."""
        await self._prepare()
        return await self._threads.submit(self._bucket.begin, key)

    async def put_part(self, key: str, upload_id: str, number: int, body: bytes | bytearray) -> Part:
        """Store one part, in place of an earlier one with its number. Raises MissingObjectError without the upload."""
        return await self._threads.submit(self._bucket.put_part, key, upload_id, number, body)

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """What has come of a multipart upload, by number. Raises MissingObjectError without the upload."""
        return await self._threads.submit(self._bucket.parts, key, upload_id)

    async def complete_parts(self, key: str, upload_id: str, parts: Sequence[Part]) -> Stored:
        """Make one object of the parts. Raises MissingObjectError without the upload."""
        return await self._threads.submit(self._bucket.complete, key, upload_id, parts)

    async def abort_parts(self, key: str, upload_id: str) -> None:
        """Forget a multipart upload and its parts; one that is not there is no error."""
        await self._threads.submit(self._bucket.abort, key, upload_id)

    async def discard(self, key: str) -> None:
        """Leave nothing of a key: neither the object, nor its tail, nor a multipart upload."""
        await self._prepare()
        for uploaded, upload_id in await self._threads.submit(self._bucket.uploads, key):
            if uploaded == key:
                await self.abort_parts(key, upload_id)
        await self.delete([key, key + TAIL_SUFFIX])

    async def _prepare(self) -> None:
        if not self._has_bucket:
            await self.make_bucket()

    @asynccontextmanager
    async def _writing(self, key: str, *, is_shared: bool = False) -> AsyncGenerator[Writing]:
        """Writes of one object that are undone together when the block fails or is cancelled."""
        await self._prepare()
        writing = Writing(self._threads, self._bucket, key)
        try:
            yield writing
        except BaseException:
            await self._to_the_end(self._undone(writing, key, is_shared=is_shared))
            raise

    async def _undone(self, writing: Writing, key: str, *, is_shared: bool) -> None:
        await writing.settled()
        with suppress(UnavailableError, MissingObjectError):  # the sweep of what is not live does the rest
            await (writing.aborted() if is_shared else self.discard(key))

    async def _to_the_end(self, work: Coroutine[None, None, None]) -> None:
        """Wait for it; a second cancellation stops the waiting, and not the work."""
        task = asyncio.ensure_future(work)
        self._undoing.add(task)
        task.add_done_callback(self._undoing.discard)
        await asyncio.shield(task)
