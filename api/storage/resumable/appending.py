"""Bytes of a request become parts in the store.

The store takes parts of 5 MiB and more, but for the last one. What is left below that at the end of a request is kept
beside the object, as its tail, and begins the next part. The row is written after the store has answered, so it never
claims bytes that are not safe, and in an order that makes each step good to stop after:

* A tail only grows while no part is added, so the first `tail_size` bytes of whatever tail there is are the right ones.
* A part that the row does not know of is put again under the same number.
"""

import struct
from collections.abc import AsyncIterable, Callable

from api.storage.contents import HEAD_BYTES
from api.storage.resumable.failures import lost, too_long
from api.storage.resumable.holding import Holding
from models.queries.uploads import Progress
from zilliance.errors import AppError
from zilliance.storage import PART_BYTES, TAIL_SUFFIX, MissingObjectError, ObjectStore, Part, object_key

MIN_PART_BYTES = 5 * 1024 * 1024
MAX_BYTES = 10_000 * MIN_PART_BYTES  # 10,000 parts are as many as S3 takes

SILENT = "REQUEST_TIMEOUT"  # the code with which a body ends whose sender fell silent
_START = struct.Struct(">Q")  # before a tail: where in the object it starts

Check = Callable[[bytes], None]


class Appender:
    """Takes the bytes that follow those which are safe; holds one part in memory.

    `check` is handed the first bytes of the object before any part of it is stored, and may raise.
    """

    def __init__(self, store: ObjectStore, holding: Holding, limit: int, check: Check) -> None:
        self._store = store
        self._holding = holding
        self._limit = limit
        self._check = check
        self._buffer = bytearray()

    async def resume(self) -> None:
        """Go on from the tail."""
        if self._holding.upload.tail_size:
            self._buffer += await self._tail()

    async def take(self, chunks: AsyncIterable[bytes] | None) -> None:
        """Add them all and make them safe; those that came before the sender fell silent, too."""
        try:
            if chunks is not None:
                async for chunk in chunks:
                    await self.add(chunk)
        except AppError as error:
            if error.code == SILENT:
                await self.keep()
            raise
        await self.keep()

    async def add(self, chunk: bytes) -> None:
        """Take more. Raises EntityTooLarge above the limit, and the 423 when somebody else writes by now."""
        if self._start + len(self._buffer) + len(chunk) > self._limit:
            raise too_long(self._limit)
        self._buffer += chunk
        while len(self._buffer) >= PART_BYTES:
            await self._store_part(PART_BYTES)
        await self._holding.stay()

    async def keep(self) -> None:
        """Make all that came safe."""
        upload = self._holding.upload
        if upload.is_complete:
            return
        if self._start + len(self._buffer) == upload.length:
            await (self._store_whole() if upload.s3_upload_id is None else self._store_part(len(self._buffer)))
        elif len(self._buffer) >= MIN_PART_BYTES:
            await self._store_part(len(self._buffer))
        elif len(self._buffer) > upload.tail_size:
            await self._store_tail()

    @property
    def _start(self) -> int:
        """Where in the object the buffer starts: after the last part."""
        return self._holding.upload.offset - self._holding.upload.tail_size

    async def _store_part(self, size: int) -> None:
        upload = self._holding.upload
        key = object_key(upload.version)
        if not upload.parts:
            self._check(bytes(self._buffer[:HEAD_BYTES]))
        s3_upload_id = upload.s3_upload_id
        if s3_upload_id is None:
            s3_upload_id = await self._store.begin_parts(key)
            await self._holding.advance(Progress(s3_upload_id=s3_upload_id))
        end = self._start + size
        try:
            part = await self._store.put_part(key, s3_upload_id, len(upload.parts) + 1, self._buffer[:size])
        except MissingObjectError as error:
            raise lost() from error
        await self._holding.advance(Progress(part=part, tail_size=0, offset=end))
        del self._buffer[:size]

    async def _store_whole(self) -> None:
        """A small object needs no parts: the one that the row then has is the object itself."""
        self._check(bytes(self._buffer[:HEAD_BYTES]))
        stored = await self._store.replace(object_key(self._holding.upload.version), self._buffer)
        part = Part(1, stored.etag, stored.size)
        await self._holding.advance(Progress(part=part, tail_size=0, offset=stored.size))

    async def _store_tail(self) -> None:
        size, end = len(self._buffer), self._start + len(self._buffer)
        await self._store.replace(self._tail_key, _START.pack(self._start) + self._buffer)
        await self._holding.advance(Progress(tail_size=size, offset=end))

    @property
    def _tail_key(self) -> str:
        return object_key(self._holding.upload.version) + TAIL_SUFFIX

    async def _tail(self) -> bytes:
        """The tail as the row knows it. Raises the 410 when it is not there.

        A process that stood still for longer than its lease may, when it wakes, still put an older tail over this one.
        """
        last = _START.size + self._holding.upload.tail_size - 1
        try:
            async with self._store.read(self._tail_key, first=0, last=last) as chunks:
                tail = b"".join([chunk async for chunk in chunks])
        except MissingObjectError as error:
            raise lost() from error
        if len(tail) != last + 1 or _START.unpack_from(tail) != (self._start,):
            raise lost()
        return tail[_START.size :]
