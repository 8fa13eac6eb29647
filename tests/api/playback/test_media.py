"""The bytes of tracks through the API."""

import pytest

from tests.activities.support import Rows
from tests.api.playback.conftest import Cinema, Player
from tests.api.playback.films import Film
from tests.api.playback.publishing import new_run
from tests.api.served import Person, Served


@pytest.fixture
async def player(cinema: Cinema, proxy: Served) -> Player:
    return await cinema.by(proxy).player()


@pytest.fixture
def address(cinema: Cinema) -> str:
    return f"{cinema.run.run_id}/media/90p/1.mp4"


@pytest.fixture
def body(film: Film) -> bytes:
    return film.track("90p").pieces[1].body


async def test_an_object_comes_whole_and_may_be_kept_for_ever(player: Player, address: str, body: bytes) -> None:
    answer = await player.get(address)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["accept-ranges"] == "bytes"
    again = await player.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


RANGES = {
    "bytes=0-0": slice(0, 1),
    "bytes=100-199": slice(100, 200),
    "bytes=5-": slice(5, None),
    "bytes=-7": slice(-7, None),
    "bytes=0-9999999": slice(0, None),
}


@pytest.mark.parametrize("asked", RANGES)
async def test_a_range_is_just_those_bytes(player: Player, address: str, body: bytes, asked: str) -> None:
    answer = await player.get(address, headers={"range": asked})
    first, end, _ = RANGES[asked].indices(len(body))
    assert (answer.status_code, answer.content) == (206, body[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(body)}"
    assert answer.headers["content-length"] == str(end - first)


@pytest.mark.parametrize("asked", ["bytes=3-1", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=-"])
async def test_what_is_not_one_range_of_bytes_is_not_heeded(
    player: Player, address: str, body: bytes, asked: str
) -> None:
    answer = await player.get(address, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, body)


@pytest.mark.parametrize("asked", ["bytes=9999999-", "bytes=-0"])
async def test_a_range_that_is_not_there_is_refused_with_the_size(
    player: Player, address: str, body: bytes, asked: str
) -> None:
    answer = await player.get(address, headers={"range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "INVALID_RANGE")
    assert answer.headers["content-range"] == f"bytes */{len(body)}"


async def test_a_head_is_what_the_get_says_without_its_bytes(player: Player, address: str, body: bytes) -> None:
    answer = await player.api.http.head(f"{player.url.rpartition('/')[0]}/{address}", headers={"range": "bytes=1-3"})
    assert (answer.status_code, answer.content) == (206, b"")
    assert answer.headers["content-range"] == f"bytes 1-3/{len(body)}"


async def test_a_part_of_something_else_is_not_handed_out(player: Player, address: str, body: bytes) -> None:
    answer = await player.get(address, headers={"range": "bytes=1-3", "if-range": '"another"'})
    assert (answer.status_code, answer.content) == (200, body)


@pytest.mark.parametrize(
    "file", ["90p/99.mp4", "90p/x.mp4", "90p/-1.mp4", "90p/0.exe", "90p/99999999999.mp4", "x%00/0.mp4", "%2e%2e/0.mp4"]
)
async def test_what_is_no_object_of_the_video_is_refused(player: Player, cinema: Cinema, file: str) -> None:
    answer = await player.get(f"{cinema.run.run_id}/media/{file}")
    assert answer.json()["code"] == "PLAYBACK_REFUSED"


async def test_an_object_whose_bytes_are_gone_is_refused_and_no_fault_of_ours(
    proxy: Served, rows: Rows, owner: Person, film: Film
) -> None:
    run = await new_run(rows, proxy.state.store, owner.id)
    await run.publish(film)
    await proxy.state.store.discard_under(f"video/{run.run_id}/")
    player = await Cinema(proxy, owner, run).player()
    assert (await player.get(f"{run.run_id}/media/90p/0.mp4")).json()["code"] == "PLAYBACK_REFUSED"
    assert (await player.get(f"{run.run_id}/subtitles-1.vtt")).json()["code"] == "TRACK_NOT_FOUND"
