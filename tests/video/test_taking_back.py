"""What fails or is cancelled leaves nothing: no object, no row of a track, no process; and a video says why."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from activities.media import patience
from activities.media.publication import Made, Publication, Work
from tests.identities import account
from tests.video.films import film, looped
from tests.video.processes import encoders
from tests.video.studio import Studio
from tests.waiting import until
from workflows.contracts.video import SourceReport, VideoPlan

STARTED, TIMED_OUT = EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED, EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT
Phase = Callable[[Studio, UUID], Awaitable[None]]


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What takes so long to encode that it can be stopped meanwhile."""
    folder = tmp_path_factory.mktemp("long")
    return looped(film(folder / "part.mp4", seconds=10, size="1280x720"), folder / "long.mp4", times=40)


async def at_once(studio: Studio, run: UUID) -> None:
    del studio, run


async def planned(studio: Studio, run: UUID) -> None:
    await studio.until(run, "r.plan IS NOT NULL")


async def playable(studio: Studio, run: UUID) -> None:
    await studio.until(run, "r.revision > 0")


async def in_the_middle(studio: Studio, run: UUID) -> None:
    await studio.until(run, "(SELECT count(*) FROM private.video_chunks c WHERE c.run_id = r.id) > 4")


async def nothing_is_left(studio: Studio, video: UUID, run: UUID) -> None:
    """And soon: that the store has nothing of it when the workflow has ended is no matter of the sweep."""
    assert await studio.objects(run) == []
    assert await studio.tracks(run) == []
    name = f"{studio.owner}/{video}/{run}.jpg"
    assert not await studio.rows.connection.fetchval(
        "SELECT EXISTS (SELECT FROM storage.objects WHERE name = $1)", name
    )


async def no_encoder_is_left(studio: Studio, run: UUID) -> None:
    """When its run has ended; but one whose heartbeats Temporal missed, on a machine that stood still, ends itself."""
    history = await studio.handle(run).fetch_history()
    started = [event.activity_task_started_event_attributes for event in history.events if event.event_type == STARTED]
    if any(event.event_type == TIMED_OUT for event in history.events) or any(each.attempt > 1 for each in started):
        await until(lambda: encoders() == [], seconds=10)
    assert [" ".join(each.cmdline()) for each in encoders()] == []


@pytest.mark.parametrize("phase", [at_once, planned, playable, in_the_middle])
async def test_a_cancelled_run_leaves_nothing_whenever_that_is(studio: Studio, long_film: Path, phase: Phase) -> None:
    video = await studio.upload(long_film)
    run = await studio.begin(video)
    await phase(studio, run)
    async with studio.callers.transaction(account(studio.owner)) as connection:
        await connection.execute("SELECT private.request_video_cancel($1)", video)
    await studio.handle(run).cancel()
    async with asyncio.timeout(240):
        with pytest.raises(WorkflowFailureError):
            await studio.handle(run).result()
    await no_encoder_is_left(studio, run)
    await nothing_is_left(studio, video, run)
    assert (await studio.run(run))["status"] == "cancelled"
    row = await studio.row(video)
    assert (row["status"], row["hls_url"], row["thumbnail_url"]) == ("error", None, None)
    assert "cancelled" in row["error_message"]


async def test_a_video_that_is_deleted_ends_its_run_and_takes_its_objects_along(
    studio: Studio, long_film: Path
) -> None:
    video = await studio.upload(long_film)
    run = await studio.begin(video)
    await playable(studio, run)
    await studio.rows.connection.execute("DELETE FROM videos WHERE id = $1", video)
    async with asyncio.timeout(240):
        with pytest.raises(WorkflowFailureError):
            await studio.handle(run).result()
    await no_encoder_is_left(studio, run)
    await nothing_is_left(studio, video, run)


async def test_a_new_run_that_fails_leaves_the_video_as_the_one_before_made_it(
    studio: Studio, tmp_path: Path, long_film: Path
) -> None:
    row, first = await studio.process(film(tmp_path / "a.mp4", seconds=2))
    before = await studio.objects(first)
    await studio.replace_upload(row["id"], long_film)
    run = await studio.begin(row["id"])
    await playable(studio, run)
    assert (await studio.row(row["id"]))["status"] == "processing"
    await studio.handle(run).cancel()
    with pytest.raises(WorkflowFailureError):
        await studio.handle(run).result()
    after = await studio.row(row["id"])
    names = ("status", "quality", "hls_url", "thumbnail_url", "renditions", "duration")
    assert {name: after[name] for name in names} == {name: row[name] for name in names}
    assert await studio.objects(first) == before
    await nothing_is_left(studio, row["id"], run)


async def test_a_run_whose_file_is_replaced_gives_way_to_that_of_the_new_one(
    studio: Studio, tmp_path: Path, long_film: Path
) -> None:
    video = await studio.upload(long_film)
    first = await studio.begin(video)
    await in_the_middle(studio, first)
    await studio.replace_upload(video, film(tmp_path / "a.mp4", seconds=2))
    second = await studio.begin(video)
    await studio.handle(second).result()
    async with asyncio.timeout(240):
        with pytest.raises(WorkflowFailureError):
            await studio.handle(first).result()
    await nothing_is_left(studio, video, first)
    assert (await studio.run(first))["error"]["code"] == "SOURCE_REPLACED"
    row = await studio.row(video)
    assert (row["status"], round(row["duration"])) == ("ready", 2)


async def test_a_run_that_is_begun_while_one_is_taken_back_loses_nothing(studio: Studio, tmp_path: Path) -> None:
    path = looped(film(tmp_path / "part.mp4", seconds=10), tmp_path / "film.mp4", times=3)
    video = await studio.upload(path)
    first = await studio.begin(video)
    await playable(studio, first)
    async with studio.callers.transaction(account(studio.owner)) as connection:
        await connection.execute("SELECT private.request_video_cancel($1)", video)
    second = await studio.begin(video)
    assert second != first
    await studio.handle(first).cancel()
    with pytest.raises(WorkflowFailureError):
        await studio.handle(first).result()
    await studio.handle(second).result()
    await nothing_is_left(studio, video, first)
    assert (await studio.run(first))["error"]["code"] == "PROCESSING_CANCELLED"
    assert await studio.objects(second)
    row = await studio.row(video)
    assert (row["status"], round(row["duration"])) == ("ready", 30)
    assert str(second) in row["thumbnail_url"]


async def test_a_fault_that_nobody_foresaw_ends_a_run_after_a_few_attempts(
    studio: Studio, long_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_UNFORESEEN", 3)
    video = await studio.upload(long_film)
    run = await studio.begin(video)
    await planned(studio, run)
    await studio.rows.connection.execute("UPDATE private.video_runs SET plan = '{}' WHERE id = $1", run)
    async with asyncio.timeout(240):
        with pytest.raises(WorkflowFailureError):
            await studio.handle(run).result()
    assert (await studio.run(run))["error"]["code"] == "PROCESSING_FAILED"
    await nothing_is_left(studio, video, run)


async def test_an_upload_that_is_gone_is_said_so(studio: Studio, tmp_path: Path) -> None:
    video = await studio.upload(film(tmp_path / "a.mp4", seconds=2))
    await studio.discard_upload(video)
    run = await studio.begin(video)
    with pytest.raises(WorkflowFailureError):
        await studio.handle(run).result()
    error = (await studio.run(run))["error"]
    assert error["code"] == "SOURCE_MISSING"
    assert "deleted" in (await studio.row(video))["error_message"]


async def test_a_run_that_is_complete_is_not_discarded(studio: Studio, tmp_path: Path) -> None:
    row, run = await studio.process(film(tmp_path / "a.mp4", seconds=2))
    objects = await studio.objects(run)
    await studio.discard(run)
    assert await studio.objects(run) == objects
    assert (await studio.row(row["id"]))["status"] == "ready"


async def test_an_attempt_that_was_thought_dead_and_comes_late_takes_nothing_from_a_video_that_is_ready(
    studio: Studio, tmp_path: Path
) -> None:
    row, run = await studio.process(film(tmp_path / "a.mp4", seconds=2))
    objects = await studio.objects(run)
    late = tmp_path / "00000.mp4"
    late.write_bytes(await studio.store.fetch(f"video/{run}/audio-1/00000.mp4"))
    made = Made(path=late, name="audio-1/00000.mp4", track="audio-1", number=0)
    kept = await studio.run(run)
    work = Work(
        run_id=run,
        video_id=row["id"],
        owner_id=studio.owner,
        report=SourceReport.model_validate(kept["report"]),
        plan=VideoPlan.model_validate(kept["plan"]),
    )
    with pytest.raises(ApplicationError, match="has ended"):
        await Publication(studio.platform, studio.store, "").add(work, [made])
    assert await studio.objects(run) == objects


async def test_the_sweep_takes_what_a_deleted_video_has_left(studio: Studio, tmp_path: Path) -> None:
    row, run = await studio.process(film(tmp_path / "a.mp4", seconds=2))
    assert await studio.objects(run)
    await studio.rows.connection.execute("DELETE FROM videos WHERE id = $1", row["id"])
    await studio.sweep(run)
    assert await studio.objects(run) == []


async def test_no_process_outlives_the_end_of_a_run(studio: Studio, long_film: Path) -> None:
    video = await studio.upload(long_film)
    run = await studio.begin(video)
    await in_the_middle(studio, run)
    await until(lambda: bool(encoders()))
    await studio.handle(run).cancel()
    with pytest.raises(WorkflowFailureError):
        await studio.handle(run).result()
    await no_encoder_is_left(studio, run)
