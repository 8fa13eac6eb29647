"""Sources of many shapes, from their upload by HTTP to a player: what becomes of each, and what is left behind."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import imageio_ffmpeg
import pytest

from tests.api.playback.linter import attributes_of, faults_of_master, faults_of_media
from tests.api.served import Person, Served, served
from tests.media.conftest import Canary
from tests.media.corpus import SHAPES, Refused, Taken, kitchen_in
from tests.media.making import Kitchen
from zilliance.settings import Settings

# One for each way in which a source can differ from what is tested elsewhere.
TAKEN = (
    *("turned90.mp4", "late.ts", "fragmented.mp4", "live.webm", "interlaced.ts", "odd.mkv", "dot.mkv", "one-frame.mp4"),
    *("slow.mp4", "vfr.mp4", "late.mp4", "flipped.mp4", "hdr10.mp4", "animation.gif", "languages.mkv", "captions.mkv"),
)
SOUNDS = ("cover.m4a", "sound.mp3")
REFUSED = (
    *("zero.mp4", "text.mp4", "playlist.mp4", "gab2.avi", "nomoov.mp4", "badheader.mp4", "encrypted.mp4"),
    *("huge.mp4", "far-apart.mp4", "many-streams.mkv"),
)


MP4 = {"content-type": "video/mp4"}


@dataclass
class Screen:
    """Somebody who uploads and watches, by HTTP alone."""

    api: Served
    who: Person

    async def process(self, name: str, data: bytes) -> dict[str, Any]:
        """The video's row when its processing has ended."""
        path = f"{self.who.id}/{name}"
        sent = await self.api.http.post(
            f"/storage/v1/object/videos/{path}", content=data, headers=self.who.headers | MP4
        )
        assert sent.status_code == 200, sent.text
        row = await self.api.insert("videos", {"title": name, "storage_path": path}, self.who.headers)
        return await self.until_ended(row["id"])

    async def until_ended(self, video: str) -> dict[str, Any]:
        asked = {"videoId": video}
        while True:
            answer = await self.api.http.post(
                "/functions/v1/process-video", json=asked, headers=self.who.headers, timeout=90
            )
            assert answer.status_code in {200, 202}, answer.text
            if answer.status_code == 200:
                return answer.json()

    async def run(self, video: str) -> dict[str, Any]:
        runs = await self._get(f"/video/v1/videos/{video}/runs")
        assert len(runs["items"]) == 1
        return await self._get(f"/video/v1/videos/{video}/runs/{runs['items'][0]['id']}")

    async def watch(self, video: str) -> str:
        """The address of a master playlist that a player may open."""
        answer = await self.api.http.post(f"/video/v1/videos/{video}/playback", headers=self.who.headers, json={})
        assert answer.status_code == 200, answer.text
        return self.api.url + urlsplit(answer.json()["hls_url"]).path

    async def faults_of_playlists(self, url: str, master: str) -> list[str]:
        """What is wrong with the playlists that a master names."""
        lines = master.splitlines()
        addresses = [line for line in lines if line and not line.startswith("#")]
        addresses += [attributes_of(line)["URI"] for line in lines if 'URI="' in line]
        texts = [(await self.api.http.get(urljoin(url, address))).text for address in addresses]
        return [fault for text in texts for fault in faults_of_media(text)]

    async def _get(self, path: str) -> dict[str, Any]:
        answer = await self.api.http.get(path, headers=self.who.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
async def canary() -> AsyncGenerator[Canary]:
    async with Canary.listening() as canary:
        yield canary


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> Kitchen:
    return kitchen_in(tmp_path_factory.mktemp("sources"), canary.address)


@pytest.fixture(scope="module")
async def screen(video_settings: Settings, workers: None) -> AsyncGenerator[Screen]:  # noqa: ARG001
    async with served(video_settings) as api:
        yield Screen(api, await api.person())


@pytest.mark.parametrize("name", TAKEN)
async def test_a_source_is_played_with_every_frame_of_its_plan(name: str, screen: Screen, kitchen: Kitchen) -> None:
    shape = SHAPES[name]
    assert isinstance(shape, Taken)
    video = await screen.process(name, kitchen.bytes_of(name))
    assert (video["status"], video["error_message"]) == ("ready", None)
    run = await screen.run(video["id"])
    assert run["status"] == "completed"
    assert all(track["is_complete"] for track in run["tracks"])
    url = await screen.watch(video["id"])
    master = (await screen.api.http.get(url)).text
    assert faults_of_master(master) == []
    assert await screen.faults_of_playlists(url, master) == []
    assert languages_of(master, "AUDIO") == list(shape.sounds)
    assert languages_of(master, "SUBTITLES") == [each.split()[0] for each in shape.captions]
    # What a remuxed source really has is known of its copy alone; one frame is what rounding makes of it.
    assert await frames_of(url, "v:0") == pytest.approx(shape.frames, abs=1 if shape.remuxed else 0)


@pytest.mark.parametrize("name", SOUNDS)
async def test_sound_alone_is_played_and_its_cover_is_no_video(name: str, screen: Screen, kitchen: Kitchen) -> None:
    video = await screen.process(name, kitchen.bytes_of(name))
    assert (video["status"], video["error_message"]) == ("ready", None)
    run = await screen.run(video["id"])
    assert {track["kind"] for track in run["tracks"]} == {"audio"}
    url = await screen.watch(video["id"])
    master = (await screen.api.http.get(url)).text
    assert faults_of_master(master) == []
    assert await screen.faults_of_playlists(url, master) == []
    samples = await frames_of(url, "a:0")
    assert samples * 1024 == pytest.approx(2 * 48_000, abs=4096)


async def test_a_source_that_is_cut_off_is_played_as_far_as_it_goes(screen: Screen, kitchen: Kitchen) -> None:
    video = await screen.process("truncated.mp4", kitchen.bytes_of("truncated.mp4"))
    assert video["status"] == "ready"
    assert video["duration"] == pytest.approx(0.98, abs=0.1)
    run = await screen.run(video["id"])
    assert "cut off" in run["report"]["warnings"][0]
    assert await frames_of(await screen.watch(video["id"]), "v:0") == pytest.approx(29, abs=1)


async def test_a_source_whose_end_is_hollow_is_played_as_far_as_it_can_be_decoded(
    screen: Screen, kitchen: Kitchen
) -> None:
    video = await screen.process("hollow.mp4", kitchen.bytes_of("hollow.mp4"))
    assert (video["status"], video["error_message"]) == ("ready", None)
    assert 25 <= await frames_of(await screen.watch(video["id"]), "v:0") <= 60


async def test_a_video_that_was_refused_is_processed_once_another_file_is_there(
    screen: Screen, kitchen: Kitchen
) -> None:
    refused = await screen.process("again.mp4", kitchen.bytes_of("text.mp4"))
    assert refused["status"] == "error"
    path = f"/storage/v1/object/videos/{screen.who.id}/again.mp4"
    sent = await screen.api.http.put(path, content=kitchen.bytes_of("silent.mp4"), headers=screen.who.headers | MP4)
    assert sent.status_code == 200, sent.text
    video = await screen.until_ended(refused["id"])
    assert (video["status"], video["error_message"]) == ("ready", None)


@pytest.mark.parametrize("name", REFUSED)
async def test_a_source_that_is_refused_says_why_and_leaves_nothing(
    name: str, screen: Screen, kitchen: Kitchen, canary: Canary
) -> None:
    shape = SHAPES[name]
    assert isinstance(shape, Refused)
    video = await screen.process(name, kitchen.bytes_of(name))
    assert (video["status"], video["hls_url"]) == ("error", None)
    assert shape.word in video["error_message"]
    run = await screen.run(video["id"])
    assert (run["status"], run["error"]["code"], run["tracks"]) == ("failed", shape.code, [])
    assert run["error"]["message"] == video["error_message"]
    assert await asyncio.to_thread(screen.api.state.store._bucket.keys, f"video/{run['id']}/") == []
    assert canary.calls == 0


def languages_of(master: str, kind: str) -> list[str]:
    media = [attributes_of(line) for line in master.splitlines() if line.startswith("#EXT-X-MEDIA:")]
    return [each.get("LANGUAGE", "und") for each in media if each["TYPE"] == kind]


async def frames_of(url: str, stream: str) -> int:
    """How many frames ffmpeg decodes as a player."""
    process = await asyncio.create_subprocess_exec(
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "fatal", "-extension_picky", "0", "-i", url),
        *("-map", f"0:{stream}", "-f", "framehash", "-fps_mode", "passthrough", "-"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return sum(line.startswith(b"0,") for line in out.splitlines())
