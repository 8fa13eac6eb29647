"""The sweep on a real database and a real store: what is due goes, all else stays, and faults repeat harmlessly."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities import storage_upkeep
from activities.storage_upkeep import S3StorageUpkeepActivities
from tests.activities.support import Rows
from tests.conftest import short_home
from zilliance.database import Database
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.errors import UnavailableError
from zilliance.storage import MissingObjectError, ObjectStore, object_key

PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ObjectStore]:
    async with Stack(short_home(tmp_path_factory, "sweep"), FREE_PORTS, parts={"s3"}) as stack:
        store = ObjectStore.of(stack.settings.storage)
        yield store
        await store.close()


@pytest.fixture(autouse=True)
async def nothing_else_is_due(rows: Rows) -> None:
    """What other tests left in the database becomes due at any moment: it must not be counted with ours."""
    for table in ("doomed_versions", "doomed_prefixes"):
        await rows.connection.execute(f"UPDATE private.{table} SET due_at = now() + interval '1 day'")


async def sweep(database: Database, store: ObjectStore) -> int:
    activities = S3StorageUpkeepActivities(database, store)
    return (await ActivityEnvironment().run(activities.sweep_objects)).discarded


async def doomed(rows: Rows, due_at: datetime = PAST) -> UUID:
    version = uuid4()
    await rows.connection.execute(
        "INSERT INTO private.doomed_versions (version, due_at, may_go_live) VALUES ($1, $2, true)", version, due_at
    )
    return version


async def is_doomed(rows: Rows, version: UUID) -> bool:
    return await rows.connection.fetchval(
        "SELECT EXISTS (SELECT FROM private.doomed_versions WHERE version = $1)", version
    )


async def put(store: ObjectStore, key: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"content"

    await store.put(key, body())


async def exists(store: ObjectStore, key: str) -> bool:
    try:
        async with store.read(key):
            return True
    except MissingObjectError:
        return False


async def test_what_is_due_goes_and_all_else_stays(worker_database: Database, rows: Rows, store: ObjectStore) -> None:
    due, never_came = await doomed(rows), await doomed(rows)
    later = await doomed(rows, datetime.now(UTC) + timedelta(hours=1))
    for version in (due, later):
        await put(store, object_key(version))
    await put(store, f"{object_key(due)}.tail")
    upload = await store.begin_parts(object_key(due))
    assert await sweep(worker_database, store) == 2
    assert not await exists(store, object_key(due))
    assert not await exists(store, f"{object_key(due)}.tail")
    with pytest.raises(MissingObjectError):
        await store.put_part(object_key(due), upload, 1, b"late")
    assert await exists(store, object_key(later))
    assert [await is_doomed(rows, version) for version in (due, later, never_came)] == [False, True, False]
    assert await sweep(worker_database, store) == 0
    await rows.connection.execute("DELETE FROM private.doomed_versions WHERE version = $1", later)


async def test_an_upload_whose_time_is_over_goes_with_its_bytes(
    worker_database: Database, rows: Rows, store: ObjectStore
) -> None:
    versions = {expires: uuid4() for expires in (PAST, datetime.now(UTC) + timedelta(hours=1))}
    for expires, version in versions.items():
        await rows.connection.execute(
            "INSERT INTO storage.uploads (bucket_id, name, role, is_signed, version, metadata, expires_at)"
            " VALUES ('documents', 'a.txt', 'service_role', false, $1, '', $2)",
            version,
            expires,
        )
        await put(store, f"{object_key(version)}.tail")
    over, open_still = versions.values()
    await sweep(worker_database, store)
    left = "SELECT version FROM storage.uploads WHERE version = ANY ($1)"
    assert [row["version"] for row in await rows.connection.fetch(left, [over, open_still])] == [open_still]
    assert not await exists(store, f"{object_key(over)}.tail")
    assert not await is_doomed(rows, over)
    assert await exists(store, f"{object_key(open_still)}.tail")
    assert await is_doomed(rows, open_still)
    await rows.connection.execute("DELETE FROM storage.uploads WHERE version = $1", open_still)  # its end, too
    await sweep(worker_database, store)
    assert not await exists(store, f"{object_key(open_still)}.tail")


async def test_a_pass_takes_several_batches_and_ends_somewhere(
    worker_database: Database, rows: Rows, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_upkeep, "BATCH", 5)
    monkeypatch.setattr(storage_upkeep, "MOST", 12)
    versions = [await doomed(rows) for _ in range(17)]
    assert await sweep(worker_database, store) == 15
    assert sum([await is_doomed(rows, version) for version in versions]) == 2
    assert await sweep(worker_database, store) == 2


async def test_what_another_sweep_has_locked_is_left_to_it(
    worker_database: Database, rows: Rows, store: ObjectStore
) -> None:
    taken, free = await doomed(rows), await doomed(rows)
    async with rows.connection.transaction():
        await rows.connection.execute("SELECT FROM private.doomed_versions WHERE version = $1 FOR UPDATE", taken)
        assert await sweep(worker_database, store) == 1
        assert not await is_doomed(rows, free)
    assert await sweep(worker_database, store) == 1


async def test_what_the_store_cannot_delete_now_stays_due(
    worker_database: Database, rows: Rows, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = short_home(tmp_path_factory, "sweep-fault")
    stack = Stack(home, FREE_PORTS, parts={"s3"})
    await stack.start()
    store = ObjectStore.of(stack.settings.storage)
    version = await doomed(rows)
    await put(store, object_key(version))
    await stack.stop()
    with pytest.raises(UnavailableError):
        await sweep(worker_database, store)
    assert await is_doomed(rows, version)
    async with Stack(home, FREE_PORTS, parts={"s3"}):
        assert await sweep(worker_database, store) == 1
        assert not await exists(store, object_key(version))
    await store.close()


async def test_what_a_run_of_a_video_left_goes_and_what_comes_late_a_day_later(
    worker_database: Database, rows: Rows, store: ObjectStore
) -> None:
    run, other = uuid4(), uuid4()
    for key in (f"video/{run}/360p/00000.mp4", f"video/{run}/audio-1/00000.mp4", f"video/{other}/360p/00000.mp4"):
        await put(store, key)
    prefix = f"video/{run}/"
    await rows.connection.execute("INSERT INTO private.doomed_prefixes (prefix, due_at) VALUES ($1, $2)", prefix, PAST)
    activities = S3StorageUpkeepActivities(worker_database, store)
    assert (await ActivityEnvironment().run(activities.sweep_objects)).prefixes == 1
    assert not await exists(store, f"video/{run}/360p/00000.mp4")
    assert not await exists(store, f"video/{run}/audio-1/00000.mp4")
    assert await exists(store, f"video/{other}/360p/00000.mp4")
    assert (await ActivityEnvironment().run(activities.sweep_objects)).prefixes == 0
    await put(store, f"video/{run}/360p/00001.mp4")  # by a worker that the end had not reached
    await rows.connection.execute("UPDATE private.doomed_prefixes SET due_at = $2 WHERE prefix = $1", prefix, PAST)
    assert (await ActivityEnvironment().run(activities.sweep_objects)).prefixes == 1
    assert not await exists(store, f"video/{run}/360p/00001.mp4")
    left = "SELECT count(*) FROM private.doomed_prefixes WHERE prefix = $1"
    assert await rows.connection.fetchval(left, prefix) == 0
