"""`kill -9` of the media worker while a video is encoded: one piece of work is done again, and nothing else differs."""

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from tests.activities.support import Rows
from tests.conftest import short_home
from tests.video.films import film, looped
from tests.video.processes import encoders
from tests.video.studio import Studio
from tests.waiting import until, within
from zilliance.database import Database
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.settings import Login
from zilliance.storage import ObjectStore
from zilliance.temporal import connect

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

SETTINGS = {**FREE_PORTS, "ZILLIANCE_VIDEO__PRESET": "ultrafast", "ZILLIANCE_VIDEO__SLOTS": "2"}
STARTED, SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with Stack(short_home(tmp_path_factory, "media"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
async def studio(stack: Stack) -> AsyncGenerator[Studio]:
    settings = stack.settings
    store = ObjectStore.of(settings.storage)
    callers = Database.of(settings.database, Login.REQUESTS, application_name="test requests")
    platform = Database.of(settings.database, Login.WORKER, application_name="test worker")
    rows = await Rows.connect(settings.database)
    client: Client = await connect(settings.temporal, store)
    studio = await Studio.sign_up(rows, callers, client, store, platform)
    yield studio
    await studio.rows.connection.close()
    await callers.close()
    await platform.close()
    await store.close()


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    return looped(film(folder / "part.mp4", seconds=10, size="640x360"), folder / "long.mp4", times=15)


async def contents(studio: Studio, run: UUID) -> dict[str, bytes]:
    """Every object of a run, by its name below the run's prefix."""
    keys = await studio.objects(run)
    return {key.partition(str(run))[2]: await studio.store.fetch(key) for key in keys}


async def repeated(studio: Studio, run: UUID) -> list[str]:
    """Activities that began more than once."""
    history = await studio.handle(run).fetch_history()
    names = {
        event.event_id: event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.event_type == SCHEDULED
    }
    starts = [event.activity_task_started_event_attributes for event in history.events if event.event_type == STARTED]
    return [names[start.scheduled_event_id] for start in starts if start.attempt > 1]


async def test_a_killed_media_worker_costs_at_most_a_chunk_for_each_slot_and_changes_no_byte(
    stack: Stack, studio: Studio, long_film: Path
) -> None:
    _, undisturbed = await studio.process(long_film)
    video = await studio.upload(long_film)
    run = await studio.begin(video)
    poster = (
        "EXISTS (SELECT FROM storage.objects o WHERE o.bucket_id = 'thumbnails' AND o.name LIKE '%' || r.id || '.jpg')"
    )
    await studio.until(run, f"{poster} AND (SELECT count(*) FROM private.video_chunks c WHERE c.run_id = r.id) > 3")
    pid = stack.process("media").pid
    assert pid is not None
    await until(lambda: bool(encoders(pid)))
    at_work = encoders(pid)
    await stack.kill("media")
    await within(100, lambda: not any(process.is_running() for process in at_work), pause=0.02)  # two seconds
    await stack.ready("media", after=pid)
    await studio.handle(run).result()

    assert (await studio.row(video))["status"] == "ready"
    again = await repeated(studio, run)
    assert 0 < len(again) <= 2
    assert await contents(studio, run) == await contents(studio, undisturbed)


async def test_a_run_waits_for_every_part_that_dies_meanwhile_and_comes_out_the_same(
    stack: Stack, studio: Studio, long_film: Path
) -> None:
    _, undisturbed = await studio.process(long_film)
    video = await studio.upload(long_film)
    run = await studio.begin(video)
    for part in ("worker", "s3", "postgres", "temporal"):
        pid = stack.process(part).pid
        await stack.kill(part)
        await stack.ready(part, after=pid)
    studio.rows = await Rows.connect(stack.settings.database)  # this process's own was cut off
    await studio.ended(run)
    assert (await studio.row(video))["status"] == "ready"
    assert await contents(studio, run) == await contents(studio, undisturbed)
