"""The bytes of sources on a media worker's host: read from the store at first, copied once, kept for a while."""

import asyncio
import errno
import fcntl
import hashlib
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from activities.media.faults import MediaFailedError
from workflows.contracts.video_work import SourceInput
from zilliance.errors import UnavailableError
from zilliance.signed_objects import ObjectUrls
from zilliance.storage import ObjectStore

SMALL_BYTES = 16 * 1024**2  # copied as soon as it could be read from afar
URL_SECONDS = 6 * 3600
PAUSE_SECONDS = 0.1  # between two looks at whether another process has copied it

log = logging.getLogger(__name__)


class SourceChangedError(Exception):
    """The store has other bytes than were promised, and will not have these any more."""


class Sources:
    """A folder of copies that all media workers of a host may share.

    A copy is whole when it has its name: it is written beside it and then renamed. Whoever reads one holds a shared
    lock on it, and what was not used for the longest time goes when there is too much.

    Args:
        urls: sign for the address of the store that this host knows.
        most_bytes: of all copies; a source that is larger than that is always read from afar.
    """

    def __init__(self, folder: Path, store: ObjectStore, urls: ObjectUrls, *, most_bytes: int) -> None:
        self._folder = folder
        self._store = store
        self._urls = urls
        self._most_bytes = most_bytes
        self._copying: dict[Path, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def opened(self, source: SourceInput, *, at_once: bool = False) -> AsyncGenerator[str]:
        """Where to read a source while the block runs: a path, or a URL that the store itself checks.

        A small one is copied first. A large one is read from afar as long as its copy is not there, which is begun by
        whoever does not read it `at_once`: nothing is to be in the way of what somebody waits for. Raises
        MissingObjectError, SourceChangedError.
        """
        copy = self._folder / hashlib.sha256(source.key.encode()).hexdigest()[:40]
        if source.size > self._most_bytes or (source.size > SMALL_BYTES and not _is_there(copy)):
            if source.size <= self._most_bytes and not at_once:
                self._copied(copy, source)
            async with self._from_afar(source) as url:
                yield url
            return
        file = await self._held(copy, source)
        if file is None:
            async with self._from_afar(source) as url:
                yield url
            return
        with file:
            yield str(copy)

    @asynccontextmanager
    async def _from_afar(self, source: SourceInput) -> AsyncGenerator[str]:
        """A URL of it. Raises MissingObjectError where what fails in the block fails because there is nothing there."""
        try:
            yield self._urls.sign(source.key, seconds=URL_SECONDS)
        except (MediaFailedError, UnavailableError):
            await self._store.stat(source.key)
            raise

    async def close(self) -> None:
        """Leave off what is being copied."""
        tasks = list(self._copying.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _held(self, copy: Path, source: SourceInput) -> BinaryIO | None:
        """The copy, locked so that it stays; None where there is no room for it."""
        while True:
            file = _lock_shared(copy)
            if file is not None:
                return file
            try:
                await asyncio.shield(self._copied(copy, source))
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    raise
                log.warning("no room for the copy of a source: it is read from afar", extra={"key": source.key})
                return None

    def _copied(self, copy: Path, source: SourceInput) -> asyncio.Task[None]:
        """The one copying of it in this process, whoever waits for it and however many give up."""
        task = self._copying.get(copy)
        if task is None:
            task = asyncio.create_task(self._copy(copy, source))
            self._copying[copy] = task
            task.add_done_callback(lambda ended: self._forget(copy, ended))
        return task

    def _forget(self, copy: Path, ended: asyncio.Task[None]) -> None:
        del self._copying[copy]
        if not ended.cancelled() and (error := ended.exception()) is not None:
            log.info("a source could not be copied: %s", error)

    async def _copy(self, copy: Path, source: SourceInput) -> None:
        part = copy.with_suffix(".part")
        while (file := await asyncio.to_thread(_lock_alone, part)) is None:  # noqa: ASYNC110  locks send no event
            await asyncio.sleep(PAUSE_SECONDS)
        with file:
            try:
                if not _is_there(copy):  # another process may have been faster
                    await asyncio.to_thread(self._make_room, source.size)
                    await self._fill(file, source)
                    _rename(part, copy)
            finally:
                _delete(part)

    async def _fill(self, file: BinaryIO, source: SourceInput) -> None:
        size = 0
        async with self._store.read(source.key) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(file.flush)
        if size != source.size:
            raise SourceChangedError(f"the store has {size} bytes of {source.key}, and not {source.size}")

    def _make_room(self, wanted: int) -> None:
        """Delete what nobody reads or writes, first what was not used for the longest time.

        A copy that was not finished is one of them: whoever still writes it holds its lock.
        """
        copies = [(path, stat) for path in self._folder.iterdir() if (stat := _stat(path)) is not None]
        total = sum(stat.st_size for _, stat in copies) + wanted
        for path, stat in sorted(copies, key=lambda each: each[1].st_mtime):
            if total <= self._most_bytes:
                return
            if _delete_unused(path):
                total -= stat.st_size


def _lock_shared(copy: Path) -> BinaryIO | None:
    """Open a copy such that nobody deletes it; None where there is none."""
    try:
        file = copy.open("rb")
    except FileNotFoundError:
        return None
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.fstat(file.fileno()).st_ino == copy.stat().st_ino:
            os.utime(copy)
            return file
    file.close()
    return None


def _lock_alone(part: Path) -> BinaryIO | None:
    """The empty file that a copy grows in; None while another process has it."""
    part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = part.open("ab")
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file.fileno()).st_ino == part.stat().st_ino:
            file.truncate(0)
            return file
    file.close()
    return None


def _is_there(path: Path) -> bool:
    return path.exists()


def _stat(path: Path) -> os.stat_result | None:
    """None where it has gone, or has its other name by now."""
    with suppress(FileNotFoundError):
        return path.stat()
    return None


def _rename(part: Path, copy: Path) -> None:
    part.rename(copy)


def _delete(part: Path) -> None:
    part.unlink(missing_ok=True)


def _delete_unused(copy: Path) -> bool:
    with suppress(OSError), copy.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # What was opened may have been renamed since: the name is another's then.
        if os.fstat(file.fileno()).st_ino == copy.stat().st_ino:
            copy.unlink()
            return True
    return False
