"""From an upload to rows and objects that a player can be given."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError

from activities.media.faults import MediaFailedError, MediaFault
from activities.media.sound import Loudness, encode_sound, measure_loudness
from activities.media.tools import EncodedFile, MediaTools, Source
from tests.media.corpus import SHAPES, Refused, Taken
from tests.media.making import Kitchen
from tests.video.films import ffmpeg, film
from tests.video.studio import Studio
from tests.video.watching import frames_of, seconds_of, track_bytes

AT_ONCE = 4


async def test_every_rendition_has_every_frame_and_the_row_says_what_came_of_it(studio: Studio, tmp_path: Path) -> None:
    row, run = await studio.process(film(tmp_path / "a.mp4", seconds=7, size="1280x720"))
    assert (row["status"], row["progress"], row["quality"], row["error_message"]) == ("ready", 100, "hd", None)
    assert row["hls_url"].endswith(f"/video/v1/{row['id']}/master.m3u8")
    assert row["duration"] == pytest.approx(7, abs=0.05)
    assert [each["name"] for each in row["renditions"]] == ["360p", "480p", "720p"]
    for rendition in row["renditions"]:
        data = await track_bytes(studio, run, rendition["name"])
        assert frames_of(data, tmp_path) == 210
        assert rendition["bitrate"] == pytest.approx(rendition["bytes"] * 8 / 7, rel=0.01)
    assert seconds_of(await track_bytes(studio, run, "audio-1"), tmp_path) == pytest.approx(7, abs=0.05)


async def test_objects_are_those_of_the_rows_and_no_others(studio: Studio, tmp_path: Path) -> None:
    _, run = await studio.process(film(tmp_path / "a.mp4"))
    tracks = await studio.tracks(run)
    assert {track["name"] for track in tracks} == {"90p", "audio-1", "storyboard"}
    assert all(track["is_complete"] for track in tracks)
    chunks = [chunk for track in tracks for chunk in await studio.chunks(run, track["name"])]
    assert sorted(await studio.objects(run)) == sorted(chunk["object_key"] for chunk in chunks)
    assert {chunk["init_sha256"] for chunk in chunks if chunk["track"] == "90p"} == {chunks[-1]["init_sha256"]}


async def test_the_poster_is_its_owners_object_and_the_thumbnail(studio: Studio, tmp_path: Path) -> None:
    row, run = await studio.process(film(tmp_path / "a.mp4"))
    name = f"{studio.owner}/{row['id']}/{run}.jpg"
    assert row["thumbnail_url"].endswith(f"/storage/v1/object/public/thumbnails/{name}")
    stored = await studio.rows.connection.fetchrow("SELECT * FROM storage.objects WHERE name = $1", name)
    assert stored is not None
    assert stored["owner"] == studio.owner
    assert (await studio.version_bytes(stored["version"])).startswith(b"\xff\xd8\xff")


async def test_a_thumbnail_that_its_owner_chose_stays(studio: Studio, tmp_path: Path) -> None:
    video = await studio.upload(film(tmp_path / "a.mp4", seconds=2))
    chosen = "https://example.com/mine.jpg"
    await studio.rows.connection.execute("UPDATE videos SET thumbnail_url = $2 WHERE id = $1", video, chosen)
    await studio.handle(await studio.begin(video)).result()
    assert (await studio.row(video))["thumbnail_url"] == chosen


async def test_a_sound_that_cannot_be_encoded_is_left_out_with_a_warning(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure(tools: MediaTools, source: Source, index: int, folder: Path) -> Loudness:
        if index == 1:
            raise MediaFailedError(MediaFault.BAD_INPUT, "nobody can decode it")
        return await measure_loudness(tools, source, index, folder)

    monkeypatch.setattr("activities.media.activities.measure_loudness", measure)
    path = tmp_path / "a.mkv"
    ffmpeg("-i", str(film(tmp_path / "a.mp4")), *("-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy"), str(path))
    row, run = await studio.process(path)
    assert (row["status"], row["error_message"]) == ("ready", None)
    assert "Sound 1 of 2 could not be decoded and is left out." in (await studio.run(run))["report"]["warnings"]
    assert await studio.chunks(run, "audio-1") == []
    assert all(track["is_complete"] for track in await studio.tracks(run))
    assert seconds_of(await track_bytes(studio, run, "audio-2"), tmp_path) == pytest.approx(6, abs=0.1)


async def test_a_sound_that_fails_on_the_way_ends_there_with_a_warning(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def encode(*given: Any, **named: Any) -> AsyncGenerator[EncodedFile]:
        async with aclosing(encode_sound(*given, **named)) as pieces:
            yield await anext(pieces)
        raise MediaFailedError(MediaFault.BAD_INPUT, "nobody can decode the rest")

    monkeypatch.setattr("activities.media.activities.encode_sound", encode)
    row, run = await studio.process(film(tmp_path / "a.mp4", seconds=9))
    assert (row["status"], row["error_message"]) == ("ready", None)
    assert (await studio.run(run))["report"]["warnings"] == ["Sound 1 of 1 could not be decoded to its end."]
    assert all(track["is_complete"] for track in await studio.tracks(run))
    assert seconds_of(await track_bytes(studio, run, "audio-1"), tmp_path) == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize(
    "name",
    [
        *("plain.ts", "vfr.mp4", "one-frame.mp4", "odd.mkv", "truncated.mp4", "captions.mkv", "languages.mkv"),
        *("sound.mp3", "slow.mp4"),
    ],
)
async def test_sources_of_many_shapes_become_ready(studio: Studio, kitchen: Kitchen, tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    assert isinstance(shape, Taken)
    row, run = await studio.process(kitchen.path(name))
    assert row["status"] == "ready"
    tracks = {track["name"]: track for track in await studio.tracks(run)}
    pictures = [track for track in tracks.values() if track["kind"] == "video"]
    for track in pictures:
        frames = frames_of(await track_bytes(studio, run, track["name"]), tmp_path)
        assert frames == sum(chunk["frames"] for chunk in await studio.chunks(run, track["name"]))
        assert abs(frames - shape.frames) <= 1
    assert bool(pictures) == (shape.shown is not None)
    assert sum(track["kind"] == "audio" for track in tracks.values()) == len(shape.sounds)
    assert sum(track["kind"] == "subtitles" for track in tracks.values()) == len(shape.captions)
    assert not [key for key in await studio.objects(run) if key.endswith("source.mkv")]


async def test_sound_alone_is_published_as_sound(studio: Studio, kitchen: Kitchen) -> None:
    row, run = await studio.process(kitchen.path("sound.mp3"))
    assert (row["quality"], row["renditions"], row["thumbnail_url"]) == ("sd", [], None)
    assert row["duration"] == pytest.approx(2, abs=0.1)
    assert [track["name"] for track in await studio.tracks(run)] == ["audio-1"]


async def test_what_is_cut_off_is_published_as_far_as_it_goes_with_a_warning(studio: Studio, kitchen: Kitchen) -> None:
    row, run = await studio.process(kitchen.path("truncated.mp4"))
    report = (await studio.run(run))["report"]
    assert report["warnings"]
    assert 0 < row["duration"] < 2


async def test_captions_are_web_vtt_in_step_with_the_pictures(studio: Studio, kitchen: Kitchen) -> None:
    _, run = await studio.process(kitchen.path("captions.mkv"))
    [chunk, *_] = await studio.chunks(run, "subtitles-1")
    text = (await studio.store.fetch(chunk["object_key"])).decode()
    assert text.startswith("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000")


async def test_captions_that_are_no_utf_8_are_published_whole(studio: Studio, kitchen: Kitchen) -> None:
    _, run = await studio.process(kitchen.path("windows-captions.mkv"))
    [chunk] = await studio.chunks(run, "subtitles-1")
    text = (await studio.store.fetch(chunk["object_key"])).decode()
    assert ("Grüße" in text, text.count("-->")) == (True, 2)
    assert not [each for each in (await studio.run(run))["report"]["warnings"] if "captions" in each]


async def test_captions_that_are_broken_do_not_take_the_others_along(studio: Studio, kitchen: Kitchen) -> None:
    row, run = await studio.process(kitchen.path("broken-captions.mkv"))
    published = [track for track in await studio.tracks(run) if track["kind"] == "subtitles"]
    assert [track["name"] for track in published] == ["subtitles-1", "subtitles-3"]
    assert row["status"] == "ready"
    [warning] = [each for each in (await studio.run(run))["report"]["warnings"] if "captions" in each]
    assert warning == "The captions 2 (fr) could not be read."


async def test_what_is_no_video_ends_in_error_with_its_code_after_one_look(studio: Studio, kitchen: Kitchen) -> None:
    """All hostile and broken files there are."""
    refusals = {name: shape for name, shape in SHAPES.items() if isinstance(shape, Refused)}
    assert len(refusals) >= 20
    paths = {name: await asyncio.to_thread(kitchen.path, name) for name in refusals}  # the workers share this loop
    begun = {name: await studio.begin(await studio.upload(path)) for name, path in paths.items()}
    async with asyncio.timeout(30 * len(refusals) / AT_ONCE):
        ends = await asyncio.gather(*(studio.handle(run).result() for run in begun.values()), return_exceptions=True)
    assert [end for end in ends if not isinstance(end, WorkflowFailureError)] == []
    for name, run in begun.items():
        ended = await studio.run(run)
        row, error = await studio.row(ended["video_id"]), ended["error"]
        expected = (name, "error", "failed", refusals[name].code.value)
        assert (name, row["status"], ended["status"], error["code"]) == expected
        assert row["error_message"] == error["message"]
        assert (row["hls_url"], await studio.tracks(run), await studio.objects(run)) == (None, [], [])
        history = await studio.handle(run).fetch_history()
        began = [event.activity_task_started_event_attributes for event in history.events]
        # Where the machine stood still, an attempt may be thought dead. What was refused is not asked again.
        again = [each.last_failure for each in began if each.attempt > 1]
        assert [failure for failure in again if not failure.HasField("timeout_failure_info")] == []


async def test_a_long_run_goes_on_in_new_histories_and_makes_the_same(studio: Studio, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", seconds=800, rate=1, sound=False)
    _, whole = await studio.process(path)
    _, parted = await studio.process(path, events_a_run=30)
    first = await studio.first_history(parted)
    assert first.events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
    assert await track_bytes(studio, parted, "90p") == await track_bytes(studio, whole, "90p")


async def test_an_end_that_was_written_and_not_heard_of_is_written_once_more(studio: Studio, tmp_path: Path) -> None:
    row, run = await studio.process(film(tmp_path / "a.mp4", seconds=2))
    again = await studio.rows.connection.fetchval(
        "SELECT private.finish_video_run($1, 'https://example.com', '[]')", run
    )
    assert again is True
    assert (await studio.row(row["id"]))["hls_url"] == row["hls_url"]
