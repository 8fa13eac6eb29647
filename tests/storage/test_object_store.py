"""The door to the S3 store on a real one: streams of any size, and nothing left of what went wrong."""

import asyncio
import gc
import hashlib
from collections.abc import AsyncIterator
from uuid import uuid4

import psutil
import pytest
from mypy_boto3_s3 import S3Client

from tests.conftest import short_home
from tests.devstack.asking import s3_client
from tests.memory import memory_of
from tests.waiting import until
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.errors import UnavailableError
from zilliance.storage import PART_BYTES, MissingObjectError, ObjectStore, TooManyBytesError, object_key

MEBIBYTE = 1024 * 1024
PATTERN = bytes(range(256)) * 256  # 64 KiB, as a server hands a body on


async def chunks(size: int) -> AsyncIterator[bytes]:
    """So many bytes of the pattern."""
    for _ in range(size // len(PATTERN)):
        yield PATTERN
    if rest := size % len(PATTERN):
        yield PATTERN[:rest]


async def broken(size: int, error: BaseException) -> AsyncIterator[bytes]:
    async for chunk in chunks(size):
        yield chunk
    raise error


def body(size: int) -> bytes:
    return PATTERN * (size // len(PATTERN)) + PATTERN[: size % len(PATTERN)]


def new_key() -> str:
    return object_key(uuid4())


async def read(store: ObjectStore, key: str, *, first: int = 0, last: int | None = None) -> bytes:
    async with store.read(key, first=first, last=last) as content:
        return b"".join([chunk async for chunk in content])


@pytest.fixture
def raw(s3: Stack, store: ObjectStore) -> S3Client:  # noqa: ARG001  the bucket is there
    """A client that looks behind the door."""
    return s3_client(s3)


def traces(raw: S3Client, bucket: str = "zilliance") -> set[str]:
    """The keys of objects and of multipart uploads that the store holds."""
    objects = raw.list_objects_v2(Bucket=bucket).get("Contents", [])
    uploads = raw.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return {each.get("Key", "") for each in [*objects, *uploads]}


@pytest.mark.parametrize("size", [0, 1, 100_000, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 12_345])
async def test_what_is_put_comes_back(store: ObjectStore, size: int) -> None:
    key = new_key()
    stored = await store.put(key, chunks(size), max_bytes=size)
    assert stored.size == size
    assert stored.etag
    assert '"' not in stored.etag
    assert await read(store, key) == body(size)


@pytest.mark.parametrize("step", [1000, 3 * PART_BYTES + 17])
async def test_chunks_may_be_of_any_size(store: ObjectStore, step: int) -> None:
    whole = body(4 * PART_BYTES + 100)

    async def steps() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), step):
            yield whole[start : start + step]
            yield b""

    key = new_key()
    assert (await store.put(key, steps())).size == len(whole)
    assert await read(store, key) == whole


async def test_an_object_can_be_looked_at_and_replaced(store: ObjectStore) -> None:
    key = new_key()
    with pytest.raises(MissingObjectError):
        await store.stat(key)
    first = await store.replace(key, b"first")
    second = await store.replace(key, b"the second")
    assert first.etag != second.etag
    assert await store.stat(key) == second
    assert await read(store, key) == b"the second"


async def test_spans_include_both_ends(store: ObjectStore) -> None:
    key, whole = new_key(), body(2 * PART_BYTES)
    await store.put(key, chunks(len(whole)))
    for first, last in [(0, 0), (1, 1000), (PART_BYTES - 5, PART_BYTES + 5), (len(whole) - 3, len(whole) - 1)]:
        assert await read(store, key, first=first, last=last) == whole[first : last + 1]
    assert await read(store, key, first=len(whole) - 7) == whole[-7:]


async def test_what_is_not_there_is_missing(store: ObjectStore) -> None:
    key = new_key()
    with pytest.raises(MissingObjectError):
        await read(store, key)
    with pytest.raises(MissingObjectError):
        await store.copy(key, new_key())
    with pytest.raises(MissingObjectError):
        await store.put_part(key, "0" * 32, 1, b"x")
    await store.abort_parts(key, "0" * 32)
    await store.delete([key])
    await store.discard(key)


@pytest.mark.parametrize("size", [10_000, PART_BYTES, 4 * PART_BYTES])
async def test_too_many_bytes_leave_nothing(store: ObjectStore, raw: S3Client, size: int) -> None:
    key = new_key()
    taken = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal taken
        async for chunk in chunks(size + 100 * MEBIBYTE):
            taken += len(chunk)
            yield chunk

    with pytest.raises(TooManyBytesError):
        await store.put(key, counted(), max_bytes=size)
    assert taken <= size + len(PATTERN)  # it did not read on
    assert key not in traces(raw)


@pytest.mark.parametrize("size", [100, 3 * PART_BYTES])
async def test_a_body_that_breaks_off_leaves_nothing(store: ObjectStore, raw: S3Client, size: int) -> None:
    key = new_key()
    with pytest.raises(ConnectionResetError):
        await store.put(key, broken(size, ConnectionResetError()))
    assert key not in traces(raw)


async def test_a_cancelled_upload_leaves_nothing(store: ObjectStore, raw: S3Client) -> None:
    key = new_key()
    far = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        async for chunk in chunks(2 * PART_BYTES + 5):
            yield chunk
        far.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(store.put(key, stalling()))
    await far.wait()
    assert key in traces(raw)
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert key not in traces(raw)


@pytest.mark.parametrize("pause", [0.0, 0.002, 0.01, 0.03, 0.1])
async def test_cancelling_at_any_moment_leaves_nothing(store: ObjectStore, raw: S3Client, pause: float) -> None:
    keys = [new_key() for _ in range(4)]
    sizes = [1000, PART_BYTES - 1, PART_BYTES, 3 * PART_BYTES]
    uploads = [asyncio.create_task(store.put(key, chunks(size))) for key, size in zip(keys, sizes, strict=True)]
    await asyncio.sleep(pause)
    ended = {key for key, upload in zip(keys, uploads, strict=True) if upload.done()}
    for upload in uploads:
        upload.cancel()
    await asyncio.gather(*uploads, return_exceptions=True)
    kept = {key for key, upload in zip(keys, uploads, strict=True) if not upload.cancelled()}
    assert ended <= kept
    assert traces(raw) & set(keys) == kept


async def test_a_reader_may_leave_early(store: ObjectStore) -> None:
    key = new_key()
    await store.put(key, chunks(4 * PART_BYTES))
    process = psutil.Process()
    before = len(process.net_connections("tcp"))
    for _ in range(30):
        async with store.read(key) as content:
            assert await anext(content)
    await until(lambda: len(process.net_connections("tcp")) <= before + 2)  # sockets close in their own time


async def test_copies_are_made_in_the_store(store: ObjectStore) -> None:
    source, target = new_key(), new_key()
    await store.put(source, chunks(2 * PART_BYTES + 3))
    stored = await store.copy(source, target)
    assert stored.size == 2 * PART_BYTES + 3
    await store.delete([source])
    assert await read(store, target) == body(2 * PART_BYTES + 3)


async def test_large_copies_go_in_parts(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zilliance.storage._COPIED_AT_ONCE", 6 * MEBIBYTE)
    source, target = new_key(), new_key()
    await store.put(source, chunks(2 * PART_BYTES + 3))
    assert (await store.copy(source, target)).size == 2 * PART_BYTES + 3
    assert await read(store, target) == body(2 * PART_BYTES + 3)


async def test_deleting_takes_any_number_of_keys(store: ObjectStore, raw: S3Client) -> None:
    keys = [new_key() for _ in range(3)]
    for key in keys:
        await store.put(key, chunks(10))
    await store.delete([*(new_key() for _ in range(1500)), *keys])
    assert not traces(raw) & set(keys)
    await store.delete([])


async def test_parts_make_one_object_in_the_order_of_their_numbers(store: ObjectStore) -> None:
    key = new_key()
    upload = await store.begin_parts(key)
    second = await store.put_part(key, upload, 2, b"the end")
    await store.put_part(key, upload, 1, b"x" * PART_BYTES)
    first = await store.put_part(key, upload, 1, b"y" * PART_BYTES)  # in place of the one before
    stored = await store.complete_parts(key, upload, [second, first])
    assert stored.size == PART_BYTES + 7
    assert await read(store, key) == b"y" * PART_BYTES + b"the end"
    with pytest.raises(MissingObjectError):
        await store.put_part(key, upload, 3, b"late")


async def test_discarding_leaves_nothing_of_a_key_and_all_of_its_neighbours(store: ObjectStore, raw: S3Client) -> None:
    key = new_key()
    neighbour = key + "0"
    for each in (key, f"{key}.tail", neighbour):
        await store.put(each, chunks(10))
    for each in (key, key, neighbour):
        await store.put_part(each, await store.begin_parts(each), 1, b"x")
    await store.discard(key)
    assert {each for each in traces(raw) if each.startswith(key)} == {neighbour}
    assert len(await asyncio.to_thread(store._bucket.uploads, neighbour)) == 1
    await store.discard(neighbour)
    assert not {each for each in traces(raw) if each.startswith(key)}


async def test_the_bucket_is_made_by_whoever_comes_first(s3: Stack) -> None:
    settings = s3.settings.storage.model_copy(update={"bucket": f"new-{uuid4()}"})
    stores = [ObjectStore.of(settings) for _ in range(4)]
    with pytest.raises(MissingObjectError):
        await read(stores[0], "x")
    await asyncio.gather(*(store.put(f"k{n}", chunks(5)) for n, store in enumerate(stores)))
    assert await read(stores[0], "k3") == body(5)
    for store in stores:
        await store.make_bucket()
        await store.close()


async def test_memory_does_not_grow_with_the_size(store: ObjectStore) -> None:
    size = 200 * MEBIBYTE
    key = new_key()
    await store.put(new_key(), chunks(3 * PART_BYTES))  # what is loaded once
    gc.collect()
    before = most = memory_of()
    digest = hashlib.sha256()

    async def watched() -> AsyncIterator[bytes]:
        nonlocal most
        async for chunk in chunks(size):
            digest.update(chunk)
            most = max(most, memory_of())
            yield chunk

    await store.put(key, watched())
    back = hashlib.sha256()
    async with store.read(key) as content:
        async for chunk in content:
            back.update(chunk)
            most = max(most, memory_of())
    await store.delete([key])
    assert back.digest() == digest.digest()
    assert most - before < 64 * MEBIBYTE


async def test_an_outage_is_said_and_heals(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = short_home(tmp_path_factory, "s3-fault")
    stack = Stack(home, FREE_PORTS, parts={"s3"})
    await stack.start()
    store = ObjectStore.of(stack.settings.storage)
    await store.put("before", chunks(10))

    async def with_an_outage() -> AsyncIterator[bytes]:
        async for chunk in chunks(2 * PART_BYTES):
            yield chunk
        await stack.stop()
        async for chunk in chunks(20 * PART_BYTES):
            yield chunk

    with pytest.raises(UnavailableError):
        await store.put("during", with_an_outage())
    for call in (read(store, "before"), store.discard("during"), store.copy("before", "b"), store.begin_parts("p")):
        with pytest.raises(UnavailableError):
            await call
    async with Stack(home, FREE_PORTS, parts={"s3"}) as stack:
        assert await read(store, "before") == body(10)
        await store.discard("during")
        assert traces(s3_client(stack)) == {"before"}
    await store.close()


@pytest.mark.parametrize("size", [PART_BYTES // 2, 3 * PART_BYTES])
async def test_who_fails_at_a_key_that_others_write_too_takes_nothing_of_theirs_away(
    store: ObjectStore, raw: S3Client, size: int
) -> None:
    key = new_key()
    await store.put(key, chunks(size), is_shared=True)
    with pytest.raises(ConnectionError):
        await store.put(key, broken(size, ConnectionError()), is_shared=True)
    assert await read(store, key) == body(size)
    assert not [each for each in raw.list_multipart_uploads(Bucket="zilliance").get("Uploads", [])
                if each.get("Key") == key]  # fmt: skip


async def test_what_is_discarded_under_a_prefix_takes_its_multipart_uploads_along(
    store: ObjectStore, raw: S3Client
) -> None:
    prefix = f"video/{uuid4()}/"
    await store.begin_parts(f"{prefix}720p/00001.mp4")
    await store.put(f"{prefix}720p/00000.mp4", chunks(10))
    await store.discard_under(prefix)
    assert not [each for each in traces(raw) if each.startswith(prefix)]
