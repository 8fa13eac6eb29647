"""Posters that show something, storyboards in time, captions in step, and copies of what cannot be sought in."""

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from activities.media.captions import extract_captions
from activities.media.encoding import encode_chunk
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.poster import take_poster
from activities.media.remux import remux
from activities.media.storyboard import MOST_PICTURES, lay_out, make_storyboard
from activities.media.tools import EncodedFile, Source
from tests.media.footage import FULL, H264, SMALL, decoded, ffmpeg, picture, pictures, plan, tone, tools
from workflows.contracts.video import CaptionStream, QualityClass, Rung, SoundStream, SourceReport

GREY = ("-f", "rawvideo", "-pix_fmt", "gray", "-")


def light(path: Path, crop: str = "") -> float:
    """The mean brightness of a picture, or of a part of it."""
    luma = ffmpeg("-i", path, "-vf", f"{crop + ',' if crop else ''}scale=8:8:flags=area", "-frames:v", "1", *GREY)
    return sum(luma) / len(luma)


def size(path: Path) -> tuple[int, int]:
    header = ffmpeg("-i", path, "-frames:v", "1", "-f", "framemd5", "-").decode()
    found = re.search(r"dimensions 0: (\d+)x(\d+)", header)
    assert found is not None
    return int(found[1]), int(found[2])


async def poster(path: Path, folder: Path, seconds: float, **fields: object) -> Path:
    folder.mkdir()  # noqa: ASYNC240
    source = Source(location=str(path), picture=picture(**fields), duration=seconds)  # pyright: ignore[reportArgumentType]
    return await take_poster(tools(), source, plan=plan(), folder=folder)


@pytest.mark.parametrize("seconds", [8, 80])
async def test_a_poster_is_not_the_black_in_which_a_video_begins(tmp_path: Path, seconds: int) -> None:
    path = tmp_path / "source.mp4"
    black = f"drawbox=c=black:t=fill:enable='lt(t,{seconds / 2})'"
    ffmpeg(*pictures("5", seconds), "-vf", black, *H264, "-g", "25", path)
    assert light(await poster(path, tmp_path / "made", seconds, rate="5")) > 50


@pytest.mark.parametrize("seconds", [0.04, 8])
async def test_a_poster_of_a_video_that_is_all_black_or_a_single_picture_is_that(
    tmp_path: Path, seconds: float
) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg("-f", "lavfi", "-i", f"color=black:s=160x90:r=25:d={seconds}", *H264, path)
    assert light(await poster(path, tmp_path / "made", seconds)) < 20


async def test_a_poster_has_the_shape_of_what_is_shown_and_no_side_above_1280(tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=5:d=1", *H264, path)
    assert size(await poster(path, tmp_path / "made", 1, width=1920, height=1080)) == (1280, 720)


async def test_a_poster_of_a_source_that_is_cut_off_is_of_what_is_there(tmp_path: Path) -> None:
    path, cut = tmp_path / "source.mp4", tmp_path / "cut.mp4"
    ffmpeg(*pictures("5", 100), *H264, "-g", "10", "-movflags", "+faststart", path)
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    assert light(await poster(cut, tmp_path / "made", 100)) > 50


async def rendition(folder: Path, seconds: int, ends: Sequence[int]) -> list[EncodedFile]:
    """A film that grows brighter with every second, 5 pictures a second, in fragments of a second."""
    path = folder / "source.mp4"
    grey = f"geq=lum='16+200*floor(T)/{seconds}':cb=128:cr=128"
    ffmpeg("-f", "lavfi", "-i", f"color=gray:s=160x90:r=5:d={seconds},{grey}", *H264, path)
    whole, made = plan("5", ends, gop_frames=5), list[EncodedFile]()
    for chunk in range(len(ends)):
        place = folder / f"chunk-{chunk}"
        place.mkdir()
        source = Source(location=str(path), picture=picture("5"), duration=seconds)
        made += await encode_chunk(tools(), source, plan=whole, chunk=chunk, rungs=[SMALL], folder=place)
    return made


async def test_a_storyboard_has_a_picture_of_each_interval_in_order(tmp_path: Path) -> None:
    files = await rendition(tmp_path, 12, (10, 35, 60))
    layout = lay_out(plan("5", (10, 35, 60), gop_frames=5), SMALL, [len(file.fragments) for file in files])
    assert (layout.pictures, layout.interval_seconds) == (12, 1.0)
    film = tmp_path / "film.mp4"
    parts = [files[0].path.read_bytes()[: files[0].init_size]]
    for chunk, number in layout.chosen:
        fragment = files[chunk].fragments[number]
        parts.append(files[chunk].path.read_bytes()[fragment.offset : fragment.offset + fragment.size])
    film.write_bytes(b"".join(parts))
    (tmp_path / "sheets").mkdir()
    (sheet,) = await make_storyboard(tools(), film, layout, tmp_path / "sheets")
    width, height = layout.tile_width, layout.tile_height
    assert size(sheet) == (width * layout.columns, height * layout.rows)
    tiles = [
        light(sheet, f"crop={width}:{height}:{width * (tile % layout.columns)}:{height * (tile // layout.columns)}")
        for tile in range(13)
    ]
    assert tiles[:12] == sorted(tiles[:12])
    assert len({round(tile) for tile in tiles[:12]}) == 12
    assert tiles[12] < 5


def test_a_long_video_has_a_picture_less_often_and_never_more_than_200() -> None:
    whole = plan("30000/1001", (60,), gop_frames=60)
    for fragments in (1, 199, 200, 201, 3600, 10_801):
        layout = lay_out(whole, FULL, [fragments // 2, fragments - fragments // 2])
        assert layout.pictures <= MOST_PICTURES
        assert layout.pictures * layout.interval_seconds >= fragments * 2.002 - 1e-3
        assert layout.chosen[0] == ((0, 0) if fragments > 1 else (1, 0))
    assert lay_out(whole, FULL, [3600]).interval_seconds == pytest.approx(18 * 2.002)


def test_a_tile_has_the_shape_of_the_video() -> None:
    upright = Rung(name="360p", width=360, height=640, max_bitrate=1, quality=QualityClass.SD)
    flat = Rung(name="sd", width=1000, height=20, max_bitrate=1, quality=QualityClass.SD)
    tiles = [lay_out(plan(), rung, [1]) for rung in (upright, flat)]
    assert [(tile.tile_width, tile.tile_height) for tile in tiles] == [(90, 160), (160, 4)]


SUBTITLES = "1\n00:00:01,000 --> 00:00:02,500\nGrüße <i>dir</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n{words}\n"


def captioned(folder: Path, container: str, codec: str, words: str = "und euch") -> Path:
    text, path = folder / "text.srt", folder / f"source.{container}"
    text.write_text(SUBTITLES.format(words=words))
    ffmpeg(*pictures(), *tone(), "-i", text, "-map", "0", "-map", "1", "-map", "2", *H264, "-c:s", codec, path)
    return path


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "mov_text"), ("mkv", "subrip"), ("mkv", "ass"), ("mkv", "webvtt")]
)
async def test_captions_become_webvtt_whose_zero_is_the_first_second_of_the_tracks(
    tmp_path: Path, container: str, codec: str
) -> None:
    source = Source(location=str(captioned(tmp_path, container, codec)), duration=5)
    (tmp_path / "made").mkdir()
    made = await extract_captions(tools(), source, index=2, track="subtitles-1", folder=tmp_path / "made")
    assert made is not None
    lines = made.content.decode().splitlines()
    assert lines[:3] == ["WEBVTT", "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000", ""]
    assert "00:01.000 --> 00:02.500" in lines
    assert "Grüße <i>dir</i>" in lines
    assert (made.cues, made.track) == (2, "subtitles-1")


@pytest.mark.parametrize("words", ["und “Köln”", "plain"])
async def test_captions_that_are_no_utf_8_are_read_as_windows_has_them(tmp_path: Path, words: str) -> None:
    """Also where only some of the cues tell: ffmpeg leaves those out, and says that all is well."""
    text, path = tmp_path / "text.srt", tmp_path / "source.mkv"
    text.write_bytes(SUBTITLES.format(words=words).encode("cp1252"))
    ffmpeg(*pictures(), "-i", text, "-map", "0", "-map", "1", *H264, "-c:s", "copy", path)
    (tmp_path / "made").mkdir()
    source = Source(location=str(path), duration=5)
    made = await extract_captions(tools(), source, index=1, track="subtitles-1", folder=tmp_path / "made")
    assert made is not None
    assert {"Grüße <i>dir</i>", words} <= set(made.content.decode().splitlines())
    assert made.cues == 2


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE])
async def test_captions_that_ffmpeg_would_garble_are_refused(tmp_path: Path, mark: bytes) -> None:
    """MP4's own text may be UTF-16."""
    path = captioned(tmp_path, "mp4", "mov_text", words="X" * 20)
    wide = mark + "und euch!".encode("utf-16-be" if mark == codecs.BOM_UTF16_BE else "utf-16-le")
    path.write_bytes(path.read_bytes().replace(b"X" * 20, wide))
    (tmp_path / "made").mkdir()
    source = Source(location=str(path), duration=5)
    with pytest.raises(MediaFailedError, match="UTF-16") as raised:
        await extract_captions(tools(), source, index=2, track="subtitles-1", folder=tmp_path / "made")
    assert raised.value.fault is MediaFault.BAD_INPUT


async def test_a_stream_without_a_cue_is_no_track(tmp_path: Path) -> None:
    path, text = tmp_path / "source.mkv", tmp_path / "text.vtt"
    text.write_text("WEBVTT\n\n")
    ffmpeg(*pictures(), "-i", text, "-map", "0", "-map", "1", *H264, "-c:s", "webvtt", path)
    (tmp_path / "made").mkdir()
    source = Source(location=str(path), duration=5)
    assert await extract_captions(tools(), source, index=1, track="subtitles-1", folder=tmp_path / "made") is None


async def test_a_stream_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    source = Source(location=str(captioned(tmp_path, "mkv", "subrip")), duration=5)
    with pytest.raises(MediaFailedError) as raised:
        await extract_captions(tools(), source, index=7, track="subtitles-1", folder=tmp_path)
    assert raised.value.fault is MediaFault.BAD_INPUT


@pytest.mark.parametrize(
    ("container", "arguments"),
    [
        ("ts", ["-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2", "-output_ts_offset", "100"]),
        ("ts", [*H264, "-bf", "3", "-g", "60", "-c:a", "aac"]),
        ("mpg", ["-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"]),
        ("avi", ["-c:v", "mpeg4", "-c:a", "mp3"]),
    ],
)
async def test_a_copy_has_the_same_pictures_and_can_be_sought_in(
    tmp_path: Path, container: str, arguments: list[str]
) -> None:
    path = tmp_path / f"source.{container}"
    ffmpeg(*tone(), *pictures("25"), "-map", "0", "-map", "1", *arguments, path)
    described = SourceReport(
        container=container,
        size=path.stat().st_size,
        duration=5,
        start=100,
        needs_remux=True,
        picture=picture("25", index=1),
        sounds=(SoundStream(index=0, codec="", channels=1, sample_rate=44_100, title="<script>"),),
        captions=(CaptionStream(index=5, codec="dvb_subtitle", is_text=False),),
    )
    (tmp_path / "made").mkdir()
    copy = await remux(tools(), Source(location=str(path)), described=described, folder=tmp_path / "made")
    assert decoded(copy) == decoded(path)
    ffmpeg("-ss", "3", "-i", copy, "-map", "0:a", "-f", "null", "-")
    (tmp_path / "chunk").mkdir()
    source = Source(location=str(copy), picture=picture("25"), duration=5)
    (file,) = await encode_chunk(
        tools(), source, plan=plan("25", (25, 100, 125)), chunk=2, rungs=[SMALL], folder=tmp_path / "chunk"
    )
    assert file.frames == 25
