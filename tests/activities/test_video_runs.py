"""The life of a video's run in the database: one is open, its first end wins, and what it leaves is swept."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest

from tests.activities.support import Rows
from tests.activities.videos import SIZE, Videos
from zilliance.database import Database
from zilliance.settings import DatabaseSettings, Login

ERROR = {"code": "NO_PICTURE", "message": "The file holds neither picture nor sound", "details": {}}
FIRST = {"hls_url": "http://x/master.m3u8", "quality": "sd", "renditions": [{"name": "360p"}], "duration": 4.5}
WHOLE = {"quality": "hd", "renditions": [{"name": "360p"}, {"name": "720p"}]}


@pytest.fixture
async def videos(rows: Rows, worker_database: Database, database_settings: DatabaseSettings) -> AsyncGenerator[Videos]:
    callers = Database.of(database_settings, Login.REQUESTS, application_name="test callers")
    yield Videos(rows, callers, worker_database, database_settings)
    await callers.close()


async def test_a_run_begins_with_its_row(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    begun = await videos.begin(owner, video)
    assert (begun["outcome"], begun["source_size"], begun["owner_id"]) == ("created", SIZE, owner)
    row, run = await videos.row(video), await videos.run(begun["run_id"])
    assert (row["status"], row["progress"], row["error_message"]) == ("processing", 0, None)
    assert (run["status"], run["source_version"]) == ("pending", str(begun["source_version"]))


async def test_beginning_twice_is_one_run(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    both = await asyncio.gather(*(videos.begin(owner, video) for _ in range(4)))
    assert len({row["run_id"] for row in both}) == 1
    assert sorted(row["outcome"] for row in both) == ["created", "open", "open", "open"]


async def test_a_file_that_is_replaced_meanwhile_is_processed_instead(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    first = await videos.begin(owner, video)
    await videos.tell("enter_video_run", first["run_id"])
    await videos.tell("publish_video_run", first["run_id"], FIRST)
    version = await videos.upload(owner, str((await videos.row(video))["storage_path"]))
    second = await videos.begin(owner, video, most=1)
    assert (second["outcome"], second["source_version"]) == ("created", version)
    old, row = await videos.run(first["run_id"]), await videos.row(video)
    assert (old["status"], dict(old["error"])["code"]) == ("cancelled", "SOURCE_REPLACED")  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownArgumentType]
    assert (row["status"], row["progress"], row["hls_url"], row["error_message"]) == ("processing", 0, None, None)
    assert await videos.tell("enter_video_run", first["run_id"]) is False
    again = await videos.begin(owner, video)
    assert (again["outcome"], again["run_id"]) == ("open", second["run_id"])
    told = await videos.rows.connection.fetch(
        "SELECT DISTINCT record->>'status' AS status FROM private.change_log"
        " WHERE row_id = $1 AND operation = 'update'",
        video,
    )
    assert [row["status"] for row in told] == ["processing"]  # nobody hears that it was ready, or failed


async def test_what_a_video_is_made_of_stays_until_its_run_has_ended(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    begun = await videos.begin(owner, video)
    await videos.rows.connection.execute("DELETE FROM storage.objects WHERE version = $1", begun["source_version"])

    async def is_swept() -> bool:
        await videos.rows.connection.execute(
            "UPDATE private.doomed_versions SET due_at = now() WHERE version = $1", begun["source_version"]
        )
        due = await videos.rows.connection.fetch("SELECT private.condemn_due_versions(1000) AS version")
        return begun["source_version"] in {row["version"] for row in due}

    assert not await is_swept()
    await videos.tell("fail_video_run", begun["run_id"], ERROR)
    assert await is_swept()


async def test_what_cannot_be_processed_is_refused(videos: Videos) -> None:
    owner, other = await videos.rows.account(), await videos.rows.account()
    empty = await videos.video(owner, uploaded=False)
    assert (await videos.begin(owner, empty))["outcome"] == "no_object"
    await videos.rows.connection.execute("UPDATE videos SET storage_path = NULL WHERE id = $1", empty)
    assert (await videos.begin(owner, empty))["outcome"] == "no_upload"
    assert (await videos.begin(other, await videos.video(owner)))["outcome"] == "missing"
    assert (await videos.begin(owner, uuid4()))["outcome"] == "missing"


async def test_an_account_has_so_many_open_runs_and_no_more(videos: Videos) -> None:
    owner = await videos.rows.account()
    both = [await videos.video(owner) for _ in range(2)]
    outcomes = [row["outcome"] for row in await asyncio.gather(*(videos.begin(owner, each, most=1) for each in both))]
    assert sorted(outcomes) == ["created", "full"]


async def test_progress_never_falls_and_only_the_end_is_all_of_it(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    assert await videos.tell("enter_video_run", run) is True
    for progress, shown in ((10, 10), (7, 10), (250, 99), (-5, 99)):
        assert await videos.tell("set_video_progress", run, progress) is True
        assert ((await videos.row(video))["progress"], (await videos.run(run))["progress"]) == (shown, shown)


async def test_a_video_can_be_played_before_it_is_ready(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    await videos.tell("enter_video_run", run)
    assert await videos.tell("publish_video_run", run, FIRST) == 1
    row = await videos.row(video)
    assert (row["status"], row["hls_url"], row["renditions"]) == ("processing", FIRST["hls_url"], FIRST["renditions"])
    assert await videos.tell("complete_video_run", run, WHOLE) is True
    row = await videos.row(video)
    assert {name: row[name] for name in ("status", "progress", "quality", "renditions", "hls_url", "duration")} == {
        "status": "ready", "progress": 100, **FIRST, **WHOLE,
    }  # fmt: skip
    assert (await videos.run(run))["revision"] == 2


async def test_the_first_end_wins(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    await videos.tell("enter_video_run", run)
    assert await videos.tell("complete_video_run", run, FIRST) is True
    assert await videos.tell("fail_video_run", run, ERROR) is False
    assert await videos.tell("cancel_video_run", run) is False
    assert await videos.tell("complete_video_run", run, WHOLE) is False
    assert await videos.tell("publish_video_run", run, WHOLE) is None
    assert await videos.tell("enter_video_run", run) is False
    assert await videos.tell("set_video_progress", run, 5) is False
    row = await videos.row(video)
    assert (row["status"], row["renditions"]) == ("ready", FIRST["renditions"])
    assert await videos.due_at(run) is None


async def test_a_failed_run_leaves_its_reason_and_nothing_else(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    await videos.tell("enter_video_run", run)
    await videos.track(run)
    poster = await videos.poster(owner, video, run)
    await videos.tell("publish_video_run", run, {**FIRST, "thumbnail_url": f"http://x/{poster}"})
    assert await videos.tell("fail_video_run", run, ERROR) is True
    row = await videos.row(video)
    assert {name: row[name] for name in ("status", "error_message", "hls_url", "renditions", "thumbnail_url")} == {
        "status": "error", "error_message": ERROR["message"], "hls_url": None, "renditions": [], "thumbnail_url": None,
    }  # fmt: skip
    assert await videos.tracks(run) == 0
    assert not await videos.has_object("thumbnails", poster)
    assert await videos.due_at(run) is not None
    assert (await videos.begin(owner, video))["outcome"] == "created"


async def test_a_failed_repetition_goes_back_to_what_there_was(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    first = await videos.begun(owner, video)
    await videos.tell("enter_video_run", first)
    poster = await videos.poster(owner, video, first)
    await videos.tell("complete_video_run", first, {**FIRST, **WHOLE, "thumbnail_url": f"http://x/{poster}"})
    before = await videos.row(video)
    assert (await videos.begin(owner, video))["outcome"] == "known"
    second = await videos.begun(owner, video, force=True)
    meanwhile = await videos.row(video)
    assert (meanwhile["status"], meanwhile["renditions"]) == ("processing", WHOLE["renditions"])
    await videos.tell("enter_video_run", second)
    await videos.tell("publish_video_run", second, {"hls_url": FIRST["hls_url"], "renditions": []})
    assert (await videos.row(video))["thumbnail_url"] == before["thumbnail_url"]
    await videos.tell("publish_video_run", second, {"thumbnail_url": "http://x/second.jpg"})
    assert (await videos.row(video))["thumbnail_url"] == "http://x/second.jpg"
    await videos.tell("fail_video_run", second, ERROR)
    after = await videos.row(video)
    assert {name: value for name, value in after.items() if before[name] != value}.keys() <= {"updated_at"}
    assert await videos.has_object("thumbnails", poster)
    assert (await videos.run(second))["error"] == ERROR


async def test_a_run_that_is_superseded_is_swept(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    first = await videos.begun(owner, video)
    await videos.tell("enter_video_run", first)
    await videos.track(first)
    await videos.tell("complete_video_run", first, FIRST)
    second = await videos.begun(owner, video, force=True)
    await videos.tell("enter_video_run", second)
    assert await videos.due_at(first) is None
    await videos.tell("complete_video_run", second, FIRST)
    assert (await videos.due_at(first), await videos.due_at(second)) != (None, None)
    assert await videos.due_at(second) is None


async def test_an_upload_that_has_changed_is_processed_anew(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    await videos.tell("enter_video_run", run)
    await videos.tell("complete_video_run", run, FIRST)
    await videos.upload(owner, str((await videos.row(video))["storage_path"]))
    assert (await videos.begin(owner, video))["outcome"] == "created"


async def test_a_thumbnail_that_the_owner_chose_stays(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    await videos.rows.connection.execute("UPDATE videos SET thumbnail_url = 'http://mine' WHERE id = $1", video)
    run = await videos.begun(owner, video)
    await videos.tell("enter_video_run", run)
    await videos.tell("publish_video_run", run, {"thumbnail_url": "http://x/poster.jpg"})
    await videos.tell("complete_video_run", run, FIRST)
    assert (await videos.row(video))["thumbnail_url"] == "http://mine"


async def test_a_run_that_has_not_begun_is_cancelled_at_once(videos: Videos) -> None:
    owner, other = await videos.rows.account(), await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    assert await videos.ask_cancel(other, video) == "missing"
    assert await videos.ask_cancel(owner, video) == "cancelled"
    assert await videos.ask_cancel(owner, video) == "ended"
    row = await videos.row(video)
    assert (row["status"], row["error_message"]) == ("error", "The processing was cancelled.")
    assert (await videos.run(run))["error"] == {
        "code": "PROCESSING_CANCELLED",
        "message": "The processing was cancelled.",
        "details": {},
    }
    assert await videos.tell("enter_video_run", run) is False


async def test_a_run_that_is_to_be_cancelled_gets_no_further(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    await videos.tell("enter_video_run", run)
    assert await videos.ask_cancel(owner, video) == "requested"
    assert await videos.tell("set_video_progress", run, 50) is False
    assert await videos.tell("publish_video_run", run, FIRST) is None
    assert await videos.tell("complete_video_run", run, FIRST) is False
    assert await videos.tell("cancel_video_run", run) is True
    assert (await videos.run(run))["status"] == "cancelled"


async def test_a_run_that_is_to_be_cancelled_gives_way_to_one_that_is_asked_for(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    first = await videos.begun(owner, video)
    await videos.tell("enter_video_run", first)
    await videos.track(first)
    assert await videos.ask_cancel(owner, video) == "requested"
    second = await videos.begin(owner, video, most=1)
    assert second["outcome"] == "created"
    poster = await videos.poster(owner, video, second["run_id"])
    ended = await videos.run(first)
    assert (ended["status"], dict(ended["error"])["code"]) == ("cancelled", "PROCESSING_CANCELLED")  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownArgumentType]
    assert (await videos.tracks(first), await videos.due_at(first) is None) == (0, False)

    assert await videos.tell("cancel_video_run", first) is False
    assert await videos.tell("fail_video_run", first, ERROR) is False
    assert (await videos.begin(owner, video))["run_id"] == second["run_id"]
    assert (await videos.row(video))["status"] == "processing"
    assert await videos.due_at(second["run_id"]) is None
    assert await videos.has_object("thumbnails", poster)


async def test_a_deleted_video_takes_its_runs_and_their_objects(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    run = await videos.begun(owner, video)
    await videos.tell("enter_video_run", run)
    poster = await videos.poster(owner, video, run)
    await videos.rows.connection.execute("DELETE FROM videos WHERE id = $1", video)
    assert await videos.due_at(run) is not None
    assert not await videos.has_object("thumbnails", poster)
    for function, more in (
        ("set_video_progress", (5,)),
        ("complete_video_run", (FIRST,)),
        ("fail_video_run", (ERROR,)),
    ):
        assert await videos.tell(function, run, *more) is False
    assert await videos.tell("publish_video_run", run, FIRST) is None


async def test_a_deleted_account_takes_its_runs_along(videos: Videos) -> None:
    owner = await videos.rows.account()
    run = await videos.begun(owner, await videos.video(owner))
    await videos.rows.connection.execute("DELETE FROM auth.users WHERE id = $1", owner)
    assert await videos.due_at(run) is not None


async def test_a_start_is_due_until_temporal_knows_it(videos: Videos) -> None:
    owner = await videos.rows.account()
    row = await videos.begin(owner, await videos.video(owner), within=0)

    async def claimed() -> bool:
        rows = await videos.worker.fetch("SELECT * FROM private.claim_video_starts('10 s', 100)", reason="a test")
        return row["run_id"] in [each["run_id"] for each in rows]

    assert [await claimed(), await claimed()] == [True, False]
    await videos.rows.connection.execute(
        "UPDATE private.video_runs SET start_due_at = now() WHERE id = $1", row["run_id"]
    )
    await videos.worker.call("SELECT private.forget_video_starts($1)", [row["run_id"]], reason="a test")
    assert not await claimed()
