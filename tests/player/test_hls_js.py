"""hls.js in headless Chromium plays what the platform publishes, as a viewer would see it."""

import asyncio
import json
from typing import Any

import pytest

from tests.activities.support import Rows
from tests.api.playback.conftest import Cinema, Player
from tests.api.playback.films import SECONDS, Film
from tests.api.playback.publishing import new_run
from tests.api.served import Served
from tests.player.conftest import ARTEFACTS, Play, playing

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=["presigned", "proxy"])
async def player(request: pytest.FixtureRequest, cinema: Cinema, proxy: Served) -> Player:
    return await (cinema if request.param == "presigned" else cinema.by(proxy)).player(viewer="a browser")


def assert_flawless(seen: dict[str, Any]) -> None:
    """To its end, in one piece, with nothing refused on the way."""
    assert [error for error in seen["errors"] if error[0]] == []
    assert [request for request in seen["requests"] if request[0] >= 400] == []
    assert seen["ended"] is True
    assert seen["duration"] == pytest.approx(SECONDS, abs=0.2)


async def counted(rows: Rows, cinema: Cinema) -> dict[str, int]:
    """Views and seconds, as the video's row has them."""
    row = await rows.connection.fetchrow(
        "SELECT views, watch_time FROM public.videos WHERE id = $1", cinema.run.video_id
    )
    assert row is not None
    return dict(row)


@pytest.mark.usefixtures("today")  # sessions are of a day
async def test_a_film_plays_to_its_end_with_captions_in_one_piece(
    play: Play, player: Player, cinema: Cinema, rows: Rows
) -> None:
    before = await counted(rows, cinema)
    seen = await play(story="whole", url=player.url)
    assert_flawless(seen)
    assert len(seen["ranges"]) == 1
    assert seen["ranges"][0][0] < 0.2
    assert seen["ranges"][0][1] == pytest.approx(SECONDS, abs=0.2)
    assert "Good bye" in seen["texts"]
    assert seen["audio"] == [["English 'original'", "en"]]
    assert seen["subtitles"] == [["English", "en"]]
    async with asyncio.timeout(60):  # what the page told last may come after its end
        while (after := await counted(rows, cinema))["watch_time"] - before["watch_time"] < SECONDS - 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert after["views"] == before["views"] + 1
    assert after["watch_time"] - before["watch_time"] == pytest.approx(SECONDS, abs=2)


async def test_quality_goes_up_and_down_and_seeking_lands_where_it_should(play: Play, player: Player) -> None:
    seen = await play(story="switching", url=player.url)
    assert_flawless(seen)
    assert {90, 180} <= set(seen["levels"])
    assert seen["size"] == [320, 180]


async def test_each_video_on_the_page_tells_its_own_grant_what_was_watched(play: Play, cinema: Cinema) -> None:
    first, second = [await cinema.player(viewer=viewer) for viewer in ("one", "two")]
    seen = await play(story="second", url=first.url, next=second.url)
    assert_flawless(seen)
    told = [(first.token in to, span) for to, spans in seen["told"] for span in spans]
    watched = [
        sum(span["to"] - span["from"] for of_first, span in told if of_first is wanted) for wanted in (True, False)
    ]
    assert watched[0] > 1.5
    assert watched[0] == pytest.approx(seen["left"], abs=1)
    assert watched[1] == pytest.approx(SECONDS, abs=1)
    ways = [first.token in to for to, _ in seen["told"]]
    assert ways == sorted(ways, reverse=True)  # nothing to the first after the second has begun


async def test_sound_alone_plays_and_nothing_of_the_film_before_it_can_be_chosen(
    play: Play, cinema: Cinema, film: Film
) -> None:
    run = await new_run(cinema.run.rows, cinema.api.state.store, cinema.owner.id)
    await run.publish(Film([film.track("audio-1")]))
    before, sound = await cinema.player(), await Cinema(cinema.api, cinema.owner, run).player()
    seen = await play(story="sound", url=before.url, next=sound.url)
    assert_flawless(seen)
    assert seen["console"] == []
    levels, captions, _ = seen["offered"]["film"]
    assert (levels, captions) == (["automatic", "90p", "180p"], ["none", "English"])
    assert seen["offered"]["between"] == [[], ["none"], ""]
    assert seen["offered"]["sound"] == [["automatic", "sound"], ["none"], "sound"]
    assert seen["size"] == [0, 0]


async def test_captions_are_shown_over_the_picture(play: Play, cinema: Cinema) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    picture = ARTEFACTS / "player.png"
    player = await cinema.player()
    seen = await play(story="still", url=player.url, screenshot=str(picture))
    assert [error for error in seen["errors"] if error[0]] == []
    assert picture.stat().st_size > 10_000


async def test_the_owner_plays_by_hls_url_with_a_header_on_every_request(play: Play, cinema: Cinema) -> None:
    url = f"{cinema.api.url}/video/v1/{cinema.run.video_id}/master.m3u8"
    seen = await play(story="whole", url=url, token=cinema.owner.token)
    assert_flawless(seen)


@pytest.fixture(params=["presigned", "proxy"])
async def unfinished(request: pytest.FixtureRequest, cinema: Cinema, proxy: Served, film: Film) -> Cinema:
    """A film of which there are the first seconds."""
    api = cinema.api if request.param == "presigned" else proxy
    run = await new_run(cinema.run.rows, api.state.store, cinema.owner.id)
    await run.publish(film, {"90p": 1, "180p": 1, "audio-1": 1, "subtitles-1": 1}, complete=False)
    return Cinema(api, cinema.owner, run)


@pytest.mark.usefixtures("packages")
async def test_a_film_that_is_being_made_is_played_from_its_start_while_it_grows(
    chromium: str, page: str, unfinished: Cinema, film: Film
) -> None:
    player = await unfinished.player()
    async with playing(chromium, page, story="growing", url=player.url) as process:
        assert process.stderr is not None
        async with asyncio.timeout(120):
            assert await process.stderr.readline() == b"PLAYING\n"
        await unfinished.run.publish(film, {"90p": 2, "180p": 2, "audio-1": 2}, complete=False)
        await asyncio.sleep(3)  # a turn of the player's own reloading
        await unfinished.run.publish(film)
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen = json.loads(out)
    assert_flawless(seen)
    assert seen["start"] < 1.5
    assert len(seen["ranges"]) == 1
    playlists = [request for request in seen["requests"] if request[1].endswith("p.m3u8")]
    assert len(playlists) >= 2
