"""Playlists as they are written, line by line, and the numbers in them."""

from typing import Any
from uuid import UUID

import pytest

from api.video.master_playlist import master_playlist
from api.video.media_playlists import iframe_playlist, media_playlist, subtitles_playlist
from api.video.published import Chunk, Published, Track
from api.video.storyboard import storyboard_document
from api.video.timeline import bandwidth_of, segments_of, target_duration
from tests.api.playback.linter import attributes_of, faults_of_master, faults_of_media

RUN = UUID("00000000-0000-0000-0000-000000000001")


def chunk(number: int, sizes: list[int], *, ticks: int = 2000, init: str = "x") -> Chunk:
    """Fragments of two seconds, one behind the other."""
    fragments: list[int] = []
    offset = 700
    for size in sizes:
        fragments += [offset, size, ticks, size // 2]
        offset += size
    return Chunk(number, f"video/r/t/{number}.mp4", offset, 700, init, fragments)


def video(name: str, *chunks: Chunk, complete: bool = True, **more: Any) -> Track:
    properties = {
        "width": 640,
        "height": 360,
        "rate": {"numerator": 30000, "denominator": 1001},
        "timescale": 1000,
        "codec": "avc1.64001e",
        "segment_fragments": 3,
        **more,
    }
    return Track(name, "video", int(name.rstrip("p")), properties, complete, chunks)


def audio(name: str, position: int = 0, **more: Any) -> Track:
    properties = {"codec": "mp4a.40.2", "channels": 2, "timescale": 1000, **more}
    return Track(name, "audio", position, properties, True, (chunk(0, [100] * 6),))


def subtitles(name: str, position: int = 0, **more: Any) -> Track:
    return Track(name, "subtitles", position, more, True, (Chunk(0, "k", 10, 0, "", []),))


def published(*tracks: Track) -> Published:
    return Published(RUN, RUN, 0, RUN, 1, 12.0, None, tracks)


def url_of(each: Chunk) -> str:
    return f"https://s3/{each.number}?a=b"


def test_a_media_playlist_is_written_like_this() -> None:
    track = video("360p", chunk(0, [1000]), chunk(1, [1000, 900, 800, 700]))
    assert media_playlist(track, url_of) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="https://s3/0?a=b",BYTERANGE="700@0"\n'
        "#EXTINF:2.00000,\n"
        "#EXT-X-BYTERANGE:1000@700\n"
        "https://s3/0?a=b\n"
        "#EXTINF:6.00000,\n"
        "#EXT-X-BYTERANGE:2700@700\n"
        "https://s3/1?a=b\n"
        "#EXTINF:2.00000,\n"
        "#EXT-X-BYTERANGE:700@3400\n"
        "https://s3/1?a=b\n"
        "#EXT-X-ENDLIST\n"
    )


def test_an_iframe_playlist_is_written_like_this() -> None:
    text = iframe_playlist(video("360p", chunk(0, [1000, 500])), url_of)
    assert text == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-I-FRAMES-ONLY\n"
        '#EXT-X-MAP:URI="https://s3/0?a=b",BYTERANGE="700@0"\n'
        "#EXTINF:2.00000,\n"
        "#EXT-X-BYTERANGE:500@700\n"
        "https://s3/0?a=b\n"
        "#EXTINF:2.00000,\n"
        "#EXT-X-BYTERANGE:250@1700\n"
        "https://s3/0?a=b\n"
        "#EXT-X-ENDLIST\n"
    )


def test_a_master_playlist_is_written_like_this() -> None:
    tracks = [video("360p", chunk(0, [75_000] * 3)), audio("audio-1", language="en", title="English")]
    assert master_playlist(published(*tracks, subtitles("subtitles-1", language="de")), "r/") == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,'
        'CHANNELS="2",URI="r/audio-1.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="de",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,'
        'FORCED=NO,URI="r/subtitles-1.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=300400,AVERAGE-BANDWIDTH=300400,CODECS="avc1.64001e,mp4a.40.2",'
        'RESOLUTION=640x360,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO="audio",SUBTITLES="subtitles",'
        "CLOSED-CAPTIONS=NONE\n"
        "r/360p.m3u8\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=150000,AVERAGE-BANDWIDTH=150000,"
        'CODECS="avc1.64001e",RESOLUTION=640x360,VIDEO-RANGE=SDR,URI="r/360p.iframes.m3u8"\n'
    )


def test_the_peak_is_over_half_to_one_and_a_half_target_durations() -> None:
    """As RFC 8216 defines it: a short segment at the end is no peak by itself."""

    sizes, seconds = [6000, 12_000, 6000, 4000], [6.0, 6.0, 6.0, 1.0]
    assert bandwidth_of(sizes, seconds, 6).peak == 16_000
    assert bandwidth_of(sizes, seconds, 6).average == round(28_000 * 8 / 19)
    assert bandwidth_of([3000, 1000, 1000], [2.0, 2.0, 2.0], 6).peak == round(4000 * 8 / 4)
    assert bandwidth_of([1000], [1.0], 6).peak == 8000
    assert bandwidth_of([], [], 6).peak == 0


def test_the_target_duration_is_known_from_the_first_fragment_on() -> None:
    growing = [chunk(0, [1])], [chunk(0, [1]), chunk(1, [1, 1])], [chunk(0, [1]), chunk(1, [1] * 9)]
    for chunks in growing:
        track = video("360p", *chunks, complete=False)
        assert target_duration(track, segments_of(track)) == 6


@pytest.mark.parametrize(("ticks", "target"), [(2002, 6), (100, 1), (2200, 7), (2166, 6), (2167, 7)])
def test_the_target_duration_is_rounded_as_players_round(ticks: int, target: int) -> None:
    track = video("360p", chunk(0, [1] * 6, ticks=ticks))
    assert target_duration(track, segments_of(track)) == target
    assert faults_of_media(media_playlist(track, url_of)) == []


def test_the_first_variant_is_what_a_middling_network_can_play() -> None:
    rates = {"240p": 400_000, "360p": 900_000, "720p": 2_200_000, "1080p": 5_000_000}
    tracks = [video(name, chunk(0, [rate // 4] * 3), height=int(name[:-1])) for name, rate in rates.items()]
    text = master_playlist(published(*tracks))
    listed = [line for line in text.splitlines() if line.endswith("p.m3u8")]
    assert listed == ["720p.m3u8", "240p.m3u8", "360p.m3u8", "1080p.m3u8"]
    assert faults_of_master(text) == []


def test_pictures_without_sound_have_no_group_and_one_codec() -> None:
    text = master_playlist(published(video("360p", chunk(0, [1000] * 3))))
    assert 'CODECS="avc1.64001e"' in text
    assert "AUDIO" not in text
    assert faults_of_master(text) == []


def test_sound_alone_in_two_languages_is_a_group() -> None:
    text = master_playlist(published(audio("audio-1", 0, language="en"), audio("audio-2", 1, language="de")))
    assert faults_of_master(text) == []
    assert text.count("#EXT-X-STREAM-INF") == 1


def test_of_many_languages_one_is_the_default_and_names_differ() -> None:
    sounds = [
        audio("audio-1", 0, language="und"),
        audio("audio-2", 1, language="en", title="Talk", is_default=True),
        audio("audio-3", 2, language="en", title="Talk", is_default=True),
    ]
    forced = [subtitles("subtitles-1", 0, language="en"), subtitles("subtitles-2", 1, language="en", is_forced=True)]
    text = master_playlist(published(video("360p", chunk(0, [1000] * 3)), *sounds, *forced))
    assert faults_of_master(text) == []
    media = [attributes_of(line) for line in text.splitlines() if line.startswith("#EXT-X-MEDIA:TYPE=AUDIO")]
    assert [each["URI"] for each in media if each["DEFAULT"] == "YES"] == ["audio-2.m3u8"]


def test_captions_are_one_segment_as_long_as_the_video() -> None:
    text = subtitles_playlist(7200.4, "subtitles-1.vtt")
    assert faults_of_media(text) == []
    assert "#EXTINF:7200.40000,\nsubtitles-1.vtt\n" in text


def test_a_storyboard_has_a_cue_for_each_picture_on_each_sheet() -> None:
    properties = {
        "tile_width": 160, "tile_height": 90, "columns": 2, "rows": 2, "interval_seconds": 1800, "pictures": 5,
    }  # fmt: skip
    sheets = tuple(Chunk(number, "k", 10, 0, "", []) for number in range(2))
    text = storyboard_document(Track("storyboard", "storyboard", 0, properties, True, sheets), 8000, url_of)
    assert text.splitlines()[:4] == ["WEBVTT", "", "00:00:00.000 --> 00:30:00.000", "https://s3/0?a=b#xywh=0,0,160,90"]
    assert "01:30:00.000 --> 02:00:00.000\nhttps://s3/0?a=b#xywh=160,90,160,90\n" in text
    assert text.splitlines()[-2:] == ["02:00:00.000 --> 02:13:20.000", "https://s3/1?a=b#xywh=0,0,160,90"]
