"""Playlists of a film, by the linter, by another parser, and as ffmpeg plays what they name."""

import gzip
import json
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin
from uuid import uuid4

import pytest

from tests.activities.support import Rows
from tests.api.playback.conftest import Cinema, Player
from tests.api.playback.films import CHUNK_ENDS, RATE, SECONDS, SIZES, Film, ffmpeg
from tests.api.playback.linter import Entry, attributes_of, entries_of, faults_of_master, faults_of_media
from tests.api.playback.publishing import new_run
from tests.api.served import Person, Served

pytestmark = pytest.mark.usefixtures("this_hour")  # signed addresses are equal for an hour

PLAYLIST = "application/vnd.apple.mpegurl"


async def named_by(player: Player, tag: str) -> list[str]:
    """The addresses that the master playlist gives by one kind of tag."""
    lines = (await player.text()).splitlines()
    if tag == "#EXT-X-STREAM-INF":
        return [after for line, after in pairwise(lines) if line.startswith(f"{tag}:")]
    return [attributes_of(line)["URI"] for line in lines if line.startswith(f"{tag}:")]


async def every_playlist(player: Player) -> dict[str, str]:
    tags = ("#EXT-X-STREAM-INF", "#EXT-X-MEDIA", "#EXT-X-I-FRAME-STREAM-INF")
    addresses = [address for tag in tags for address in await named_by(player, tag)]
    return {address: await player.text(address) for address in addresses}


async def bytes_of(player: Player, address: str, entry: Entry) -> bytes:
    """A segment with what a decoder needs before it."""
    assert entry.map is not None
    assert entry.span is not None
    init = attributes_of(entry.map)
    size, _, offset = init["BYTERANGE"].partition("@")
    assert offset == "0"
    parts = b""
    for url, first, last in ((init["URI"], 0, int(size) - 1), (entry.url, *entry.span)):
        answer = await player.get(_beside(address, url), headers={"range": f"bytes={first}-{last}"})
        assert answer.status_code == 206, answer.text
        assert len(answer.content) == last - first + 1
        parts += answer.content
    return parts


def _beside(address: str, url: str) -> str:
    return url if "://" in url else f"{address.rpartition('/')[0]}/{url}"


@pytest.fixture(params=["presigned", "proxy"])
async def player(request: pytest.FixtureRequest, cinema: Cinema, proxy: Served) -> Player:
    return await (cinema if request.param == "presigned" else cinema.by(proxy)).player()


async def test_every_playlist_passes_the_linter(player: Player) -> None:
    assert faults_of_master(await player.text()) == []
    playlists = await every_playlist(player)
    assert len(playlists) == 2 + 1 + 1 + 2
    assert {address: faults_of_media(text) for address, text in playlists.items() if faults_of_media(text)} == {}


async def test_every_segment_that_a_playlist_names_is_decoded_to_its_frames(player: Player, tmp_path: Path) -> None:
    for address in await named_by(player, "#EXT-X-STREAM-INF"):
        frames = 0
        for entry in entries_of(await player.text(address)):
            path = tmp_path / "segment.mp4"
            path.write_bytes(await bytes_of(player, address, entry))
            lines = (await ffmpeg("-i", path, "-map", "0:v", "-f", "framemd5", "-")).splitlines()
            found = sum(not line.startswith(b"#") for line in lines)
            assert found == round(entry.seconds * RATE)
            frames += found
        assert frames == SECONDS * RATE


async def test_every_keyframe_that_a_playlist_names_is_a_picture_by_itself(player: Player, tmp_path: Path) -> None:
    for address in await named_by(player, "#EXT-X-I-FRAME-STREAM-INF"):
        entries = entries_of(await player.text(address))
        assert [entry.seconds for entry in entries] == [2.0] * (SECONDS // 2)
        for entry in entries:
            path = tmp_path / "keyframe.mp4"
            path.write_bytes(await bytes_of(player, address, entry))
            lines = (await ffmpeg("-i", path, "-map", "0:v", "-frames:v", "1", "-f", "framemd5", "-")).splitlines()
            assert sum(not line.startswith(b"#") for line in lines) == 1


async def test_the_sound_has_all_its_samples_over_both_of_its_objects(player: Player, tmp_path: Path) -> None:
    (address,) = [each for each in await named_by(player, "#EXT-X-MEDIA") if "audio" in each]
    entries = entries_of(await player.text(address))
    assert len({entry.url for entry in entries}) == 2
    samples = 0
    for entry in entries:
        path = tmp_path / "sound.mp4"
        path.write_bytes(await bytes_of(player, address, entry))
        samples += len(await ffmpeg("-i", path, "-map", "0:a", "-f", "s16le", "-ac", "1", "-")) // 2
    assert samples == pytest.approx(SECONDS * 48_000, abs=4096)


async def test_ffmpeg_plays_the_whole_from_the_master_playlist(player: Player) -> None:
    lines = await ffmpeg(
        *("-loglevel", "fatal", "-extension_picky", "0", "-i", player.url),
        *("-map", "0:v:0", "-map", "0:a:0", "-f", "framehash", "-"),
    )
    frames = [line for line in lines.splitlines() if line.startswith(b"0,")]
    assert len(frames) == SECONDS * RATE


async def test_the_master_playlist_names_what_there_is(cinema: Cinema) -> None:
    text = await (await cinema.player()).text()
    variants = [attributes_of(line) for line in text.splitlines() if line.startswith("#EXT-X-STREAM-INF:")]
    assert {each["RESOLUTION"] for each in variants} == {f"{width}x{height}" for width, height, _ in SIZES.values()}
    assert {each["FRAME-RATE"] for each in variants} == {"25.000"}
    assert {each["VIDEO-RANGE"] for each in variants} == {"SDR"}
    assert {each["CLOSED-CAPTIONS"] for each in variants} == {"NONE"}
    assert {each["CODECS"].split(",")[1] for each in variants} == {"mp4a.40.2"}
    media = {
        each["TYPE"]: each
        for each in (attributes_of(line) for line in text.splitlines() if line.startswith("#EXT-X-MEDIA:"))
    }
    assert media["AUDIO"]["NAME"] == "English 'original'"
    assert (media["AUDIO"]["LANGUAGE"], media["AUDIO"]["CHANNELS"]) == ("en", "2")
    assert (media["SUBTITLES"]["LANGUAGE"], media["SUBTITLES"]["DEFAULT"]) == ("en", "NO")


async def test_bandwidths_are_those_of_the_bytes_that_are_sent(cinema: Cinema, film: Film) -> None:
    player = await cinema.player()
    lines = (await player.text()).splitlines()
    sound = film.track("audio-1")
    for line, address in pairwise(lines):
        if not line.startswith("#EXT-X-STREAM-INF:"):
            continue
        stated = attributes_of(line)
        track = film.track(address.rpartition("/")[2].removesuffix(".m3u8"))
        sizes = sum(sum(piece.fragments[1::4]) for each in (track, sound) for piece in each.pieces)
        average = sizes * 8 / SECONDS
        assert int(stated["AVERAGE-BANDWIDTH"]) == pytest.approx(average, rel=0.02)
        entries = entries_of(await player.text(address))
        spans = [(entry.span[1] - entry.span[0] + 1, entry.seconds) for entry in entries if entry.span]
        peak = max(size * 8 / seconds for size, seconds in spans if seconds >= 3)
        assert int(stated["BANDWIDTH"]) >= peak


async def test_while_the_film_is_made_the_playlists_grow_and_then_end(
    api: Served, rows: Rows, owner: Person, film: Film
) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    cinema = Cinema(api, owner, run)
    assert (await cinema.grant()).json()["code"] == "VIDEO_NOT_PLAYABLE"
    await run.publish(film, {"90p": 1, "180p": 1, "audio-1": 1}, complete=False)
    player = await cinema.player()
    first = await player.get()
    assert first.headers["cache-control"] == "no-store"
    address = next(each for each in await named_by(player, "#EXT-X-STREAM-INF") if "90p" in each)
    growing = await player.get(address)
    assert growing.headers["cache-control"] == "no-store"
    assert faults_of_media(growing.text) == []
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing.text
    await run.publish(film, {"90p": 2, "180p": 1, "audio-1": 2}, complete=False)
    further = (await player.get(address)).text
    assert further.startswith(growing.text)
    assert further.splitlines()[2] == growing.text.splitlines()[2] == "#EXT-X-TARGETDURATION:6"
    assert entries_of(further)[-1].seconds == 4.0
    await run.publish(film)
    ended = await player.get(address)
    assert "#EXT-X-ENDLIST" in ended.text
    assert ended.headers["cache-control"] == "private, max-age=60"
    assert sum(entry.seconds for entry in entries_of(ended.text)) == SECONDS


async def test_only_renditions_as_far_as_the_lowest_are_offered(
    api: Served, rows: Rows, owner: Person, film: Film
) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    cinema = Cinema(api, owner, run)
    await run.publish(film, {"90p": 2, "180p": 1, "audio-1": 1}, complete=False)
    player = await cinema.player()
    assert [each[-8:] for each in await named_by(player, "#EXT-X-STREAM-INF")] == ["90p.m3u8"]
    await run.publish(film, {"90p": 3, "180p": 2, "audio-1": 2}, complete=False)
    assert [each[-8:] for each in await named_by(player, "#EXT-X-STREAM-INF")] == ["90p.m3u8"]
    await run.publish(film)
    assert len(await named_by(player, "#EXT-X-STREAM-INF")) == 2


async def test_a_chunk_after_a_gap_is_not_published(api: Served, rows: Rows, owner: Person, film: Film) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film, {"90p": 3, "audio-1": 2}, complete=False)
    await rows.connection.execute(
        "DELETE FROM private.video_chunks WHERE run_id = $1 AND track = '90p' AND number = 1", run.run_id
    )
    player = await Cinema(api, owner, run).player()
    text = await player.text(f"{run.run_id}/90p.m3u8")
    assert sum(entry.seconds for entry in entries_of(text)) == CHUNK_ENDS[0] / RATE


async def test_who_plays_an_older_run_goes_on_with_it(api: Served, rows: Rows, owner: Person, film: Film) -> None:
    first = await new_run(rows, api.state.store, owner.id)
    await first.publish(film)
    player = await Cinema(api, owner, first).player()
    (address, *_) = await named_by(player, "#EXT-X-STREAM-INF")
    second = await new_run(rows, api.state.store, owner.id, video_id=first.video_id)
    await second.publish(film)
    assert str(second.run_id) in (await named_by(player, "#EXT-X-STREAM-INF"))[0]
    assert str(first.run_id) in entries_of(await player.text(address))[0].url
    await rows.connection.execute("UPDATE private.video_runs SET status = 'failed' WHERE id = $1", second.run_id)
    assert str(first.run_id) in (await named_by(player, "#EXT-X-STREAM-INF"))[0]
    gone = await player.get(f"{second.run_id}/90p.m3u8")
    assert (gone.status_code, gone.json()["code"]) == (404, "VIDEO_NOT_PLAYABLE")


async def test_captions_are_on_the_clock_of_the_media(cinema: Cinema) -> None:
    player = await cinema.player()
    (address,) = [each for each in await named_by(player, "#EXT-X-MEDIA") if "subtitles" in each]
    (entry,) = entries_of(await player.text(address))
    assert entry.seconds == SECONDS
    answer = await player.get(_beside(address, entry.url))
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    head = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000\n\n00:00:00.500 --> 00:00:03.000\nHello there\n"
    assert answer.text.startswith(head)


async def test_the_storyboard_names_pictures_that_are_there(player: Player, film: Film) -> None:
    text = await player.text("storyboard.vtt")
    lines = text.splitlines()
    assert lines[:4:2] == ["WEBVTT", "00:00:00.000 --> 00:00:02.000"]
    assert len([line for line in lines if "-->" in line]) == 6
    assert lines[-1].endswith("#xywh=320,90,160,90")
    answer = await player.get(lines[3].partition("#")[0])
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == film.track("storyboard").pieces[0].body


async def test_playlists_are_compressed_for_who_understands_that(cinema: Cinema) -> None:
    player = await cinema.player()
    packed = await player.get(headers={"accept-encoding": "gzip"})
    plain = await player.get(headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert packed.headers["content-type"] == plain.headers["content-type"] == PLAYLIST
    assert len(gzip.compress(plain.content)) < len(plain.content)
    refusing = await player.get(headers={"accept-encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in refusing.headers


async def test_who_has_a_playlist_already_is_not_sent_it_again(cinema: Cinema) -> None:
    player = await cinema.player()
    for address in ("", *(await named_by(player, "#EXT-X-STREAM-INF"))):
        answer = await player.get(address)
        again = await player.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
        other = await player.get(address, headers={"if-none-match": '"another"'})
        assert other.status_code == 200


async def test_captions_that_a_player_has_are_not_read_from_the_store(
    api: Served, rows: Rows, owner: Person, film: Film
) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film)
    player = await Cinema(api, owner, run).player()
    address = f"{run.run_id}/subtitles-1.vtt"
    etag = (await player.get(address)).headers["etag"]
    await api.state.store.discard(f"video/{run.run_id}/subtitles-1/00000.vtt")
    assert (await player.get(address, headers={"if-none-match": etag})).status_code == 304
    assert (await player.get(address)).json()["code"] == "TRACK_NOT_FOUND"


async def test_a_head_says_of_a_playlist_what_a_get_says(cinema: Cinema) -> None:
    player = await cinema.player()
    run = cinema.run.run_id
    for address in ("", f"{run}/90p.m3u8", f"{run}/90p.iframes.m3u8", f"{run}/subtitles-1.vtt", "storyboard.vtt"):
        url = urljoin(player.url, address)
        head, got = await cinema.api.http.head(url), await cinema.api.http.get(url)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "etag", "cache-control", "content-length"):
            assert head.headers[name] == got.headers[name], name


async def test_signed_addresses_are_equal_within_the_hour(cinema: Cinema) -> None:
    player = await cinema.player()
    (address, *_) = await named_by(player, "#EXT-X-STREAM-INF")
    first, again = await player.text(address), await player.text(address)
    assert first == again
    url = entries_of(first)[0].url
    assert "X-Amz-Date=" in url
    assert url.partition("X-Amz-Date=")[2][11:16] == "0000Z"
    assert f"X-Amz-Expires={7 * 3600}" in url


async def test_a_browser_may_read_every_answer_from_any_page(cinema: Cinema, proxy: Served) -> None:
    for player in (await cinema.player(), await cinema.by(proxy).player()):
        for address in ("", *(await named_by(player, "#EXT-X-STREAM-INF"))):
            asked = {"origin": "https://shop.example.com", "access-control-request-method": "GET"}
            asked["access-control-request-headers"] = "range,authorization"
            before = await player.api.http.options(player.url, headers=asked)
            assert before.status_code == 200
            assert "range" in before.headers["access-control-allow-headers"]
            answer = await player.get(address, headers={"origin": "https://shop.example.com"})
            assert answer.headers["access-control-allow-origin"] == "*"
            assert {"etag", "content-range"} <= set(answer.headers["access-control-expose-headers"].split(", "))


async def test_tracks_that_are_not_there_are_said_to_be_missing(cinema: Cinema) -> None:
    player = await cinema.player()
    run = cinema.run.run_id
    for address in (f"{run}/720p.m3u8", f"{run}/audio-1.iframes.m3u8", f"{run}/x%00.m3u8", f"{run}/90p.vtt"):
        answer = await player.get(address)
        assert (answer.status_code, answer.json()["code"]) == (404, "TRACK_NOT_FOUND"), address
    assert (await player.get("nonsense/90p.m3u8")).status_code == 400
    assert (await player.get(f"{uuid4()}/90p.m3u8")).json()["code"] == "VIDEO_NOT_PLAYABLE"


async def test_sound_alone_is_a_stream_of_its_own(api: Served, rows: Rows, owner: Person, film: Film) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(Film([film.track("audio-1")]))
    player = await Cinema(api, owner, run).player()
    text = await player.text()
    assert faults_of_master(text) == []
    assert 'CODECS="mp4a.40.2"' in text
    assert "RESOLUTION" not in text
    (address,) = await named_by(player, "#EXT-X-STREAM-INF")
    assert faults_of_media(await player.text(address)) == []


async def test_what_begins_differently_is_a_discontinuity_with_its_own_beginning(
    api: Served, rows: Rows, owner: Person, film: Film
) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film)
    await rows.connection.execute(
        "UPDATE private.video_chunks SET init_sha256 = 'another' WHERE run_id = $1 AND track = '90p' AND number > 0",
        run.run_id,
    )
    text = await (await Cinema(api, owner, run).player()).text(f"{run.run_id}/90p.m3u8")
    assert faults_of_media(text) == []
    assert text.count("#EXT-X-DISCONTINUITY") == 1
    maps = [attributes_of(line)["URI"] for line in text.splitlines() if line.startswith("#EXT-X-MAP")]
    assert [each.partition("?")[0][-9:] for each in maps] == ["00000.mp4", "00001.mp4"]


async def test_a_master_playlist_that_is_known_is_another_after_the_next_publication(
    api: Served, rows: Rows, owner: Person, film: Film
) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(Film([film.track("90p")]))
    player = await Cinema(api, owner, run).player()
    first = await player.get()
    assert (await player.get()).text == first.text
    await run.publish(film)
    second = await player.get(headers={"if-none-match": first.headers["etag"]})
    assert second.status_code == 200
    assert "180p" in second.text
    assert "180p" not in first.text
    again = await player.get()
    assert again.text == second.text
    own = await api.http.get(f"/video/v1/{run.video_id}/master.m3u8", headers=owner.headers)
    assert own.text.count("../play/") == second.text.count(f"{run.run_id}/") > 0


async def test_names_and_languages_cannot_break_out_of_their_attribute(
    api: Served, rows: Rows, owner: Person, film: Film
) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film)
    await rows.connection.execute(
        "UPDATE private.video_tracks SET properties = properties || $2::jsonb WHERE run_id = $1 AND kind = 'subtitles'",
        run.run_id,
        json.dumps({"title": 'x",DEFAULT=YES\n#EXT-X-ENDLIST{run}', "language": 'e"n\r'}),
    )
    text = await (await Cinema(api, owner, run).player()).text()
    assert faults_of_master(text) == []
    assert "\n#EXT-X-ENDLIST" not in text
    assert 'NAME="x\',DEFAULT=YES#EXT-X-ENDLISTrun"' in text
