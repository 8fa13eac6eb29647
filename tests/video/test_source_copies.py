"""Copies of sources on a media worker's host: made once, whole or not at all, and within their bounds."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from activities.media.faults import MediaFailedError, MediaFault
from activities.media.sources import SMALL_BYTES, SourceChangedError, Sources
from tests.waiting import until
from workflows.contracts.video_work import SourceInput
from zilliance.settings import Settings
from zilliance.signed_objects import ObjectUrls
from zilliance.storage import MissingObjectError, ObjectStore

MEGABYTE = 1024**2


async def source(store: ObjectStore, size: int = 1000) -> SourceInput:
    key = f"test-sources/{uuid4()}"

    async def body() -> AsyncIterator[bytes]:
        yield bytes(size)

    await store.put(key, body())
    return SourceInput(run_id=uuid4(), key=key, size=size)


def sources_in(folder: Path, store: ObjectStore, settings: Settings, *, most: int = 1000 * MEGABYTE) -> Sources:
    urls = ObjectUrls(settings.storage, settings.storage.endpoint)
    return Sources(folder / "sources", store, urls, most_bytes=most)


def copies(folder: Path) -> list[Path]:
    return sorted((folder / "sources").glob("*"))


async def test_a_copy_is_made_once_and_shared(store: ObjectStore, settings: Settings, tmp_path: Path) -> None:
    wanted = await source(store)
    both = [sources_in(tmp_path, store, settings) for _ in range(2)]  # as in two processes

    async def read(sources: Sources) -> str:
        async with sources.opened(wanted) as location:
            assert await asyncio.to_thread(Path(location).read_bytes) == bytes(wanted.size)
            return location

    assert len(set(await asyncio.gather(*(read(each) for each in both * 3)))) == 1
    assert [path.suffix for path in copies(tmp_path)] == [""]


async def test_a_large_source_is_read_from_the_store_while_its_copy_is_made(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    wanted = await source(store, SMALL_BYTES + 1)
    sources = sources_in(tmp_path, store, settings)
    for at_once in (True, False):
        async with sources.opened(wanted, at_once=at_once) as location:
            assert location.startswith(settings.storage.endpoint)
    await until(lambda: [path for path in copies(tmp_path) if not path.suffix])
    async with sources.opened(wanted, at_once=True) as location:
        assert (await asyncio.to_thread(Path(location).stat)).st_size == wanted.size


async def test_what_was_not_used_for_longest_goes_and_what_is_read_stays(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    sources = sources_in(tmp_path, store, settings, most=2 * MEGABYTE)
    old, used, new = [await source(store, MEGABYTE) for _ in range(3)]
    async with sources.opened(used) as kept:
        async with sources.opened(old) as dropped:
            pass
        async with sources.opened(new) as fresh:
            assert {str(path) for path in copies(tmp_path)} == {kept, fresh}
            assert dropped not in {kept, fresh}


async def test_what_a_killed_worker_has_left_half_copied_goes_and_what_is_being_copied_stays(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    sources = sources_in(tmp_path, store, settings, most=2 * MEGABYTE)
    stale, growing = tmp_path / "sources" / "stale.part", tmp_path / "sources" / "growing.part"
    stale.parent.mkdir()
    for part in (growing, stale):
        await asyncio.to_thread(part.write_bytes, bytes(MEGABYTE))
    with growing.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        async with sources.opened(await source(store, MEGABYTE)) as fresh:
            assert copies(tmp_path) == sorted([growing, Path(fresh)])


async def test_a_source_that_is_larger_than_the_cache_is_read_from_the_store(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    wanted = await source(store, MEGABYTE)
    async with sources_in(tmp_path, store, settings, most=MEGABYTE - 1).opened(wanted) as location:
        assert location.startswith(settings.storage.endpoint)


async def test_nothing_is_left_of_a_copy_that_is_not_whole(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    wanted = (await source(store)).model_copy(update={"size": 1001})
    sources = sources_in(tmp_path, store, settings)
    with pytest.raises(SourceChangedError):
        async with sources.opened(wanted):
            pass
    with pytest.raises(MissingObjectError):
        async with sources.opened(SourceInput(run_id=uuid4(), key="test-sources/none", size=1)):
            pass
    assert copies(tmp_path) == []


async def test_a_large_source_that_is_gone_is_not_waited_for(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    wanted = SourceInput(run_id=uuid4(), key=f"test-sources/{uuid4()}", size=SMALL_BYTES + 1)
    with pytest.raises(MissingObjectError):
        async with sources_in(tmp_path, store, settings).opened(wanted, at_once=True):
            raise MediaFailedError(MediaFault.UNREACHABLE, "Server returned 404 Not Found")


async def test_what_fails_while_a_large_source_is_there_is_told_as_it_was(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    wanted = await source(store, SMALL_BYTES + 1)
    with pytest.raises(MediaFailedError, match="broke off"):
        async with sources_in(tmp_path, store, settings).opened(wanted, at_once=True):
            raise MediaFailedError(MediaFault.UNREACHABLE, "the store broke off")
