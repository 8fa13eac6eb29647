"""How pictures look that are not plain: upright, square, without combs, in the range and colours of a usual screen."""

import re
import subprocess
from pathlib import Path

import pytest

from activities.media.encoding import encode_chunk
from activities.media.tools import EncodedFile, Source
from tests.media.footage import FFMPEG, H264, ffmpeg, picture, pictures, plan, tools
from workflows.contracts.video import QualityClass, Rung, ToneMap

HDR = "colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:log-level=error"


async def encode(path: Path, folder: Path, size: tuple[int, int] = (160, 90), **fields: object) -> EncodedFile:
    """The first chunk in one size; fields of the stream begin with `stream_`, others are of the plan."""
    stream = {name.removeprefix("stream_"): value for name, value in fields.items() if name.startswith("stream_")}
    whole = plan(**{name: value for name, value in fields.items() if not name.startswith("stream_")})  # pyright: ignore[reportArgumentType]
    rung = Rung(name="sd", width=size[0], height=size[1], max_bitrate=500_000, quality=QualityClass.SD)
    folder.mkdir()  # noqa: ASYNC240
    source = Source(location=str(path), picture=picture(**stream), duration=5)  # pyright: ignore[reportArgumentType]
    (file,) = await encode_chunk(tools(), source, plan=whole, chunk=0, rungs=[rung], folder=folder)
    return file


def told(path: Path) -> str:
    """What ffmpeg says of a file's pictures."""
    ended = subprocess.run([FFMPEG, "-hide_banner", "-i", path], capture_output=True, text=True, check=False)
    return next(line for line in ended.stderr.splitlines() if "Video:" in line)


def colours(path: Path, x: int, y: int) -> tuple[int, ...]:
    """The red, green and blue of one place of the first picture, as a screen shows them."""
    crop = f"scale=in_range=auto:out_range=pc,format=rgb24,crop=4:4:{x}:{y},scale=1:1:flags=area"
    return tuple(ffmpeg("-i", path, "-vf", crop, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"))


@pytest.mark.parametrize(("transfer", "tone_map"), [("smpte2084", ToneMap.PQ), ("arib-std-b67", ToneMap.HLG)])
async def test_high_dynamic_range_is_brought_down_to_standard(tmp_path: Path, transfer: str, tone_map: ToneMap) -> None:
    path = tmp_path / "source.mp4"
    tags = HDR.format(transfer=transfer)
    ffmpeg(
        *pictures(seconds=1),
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p10le",
        "-x265-params",
        tags,
        path,
    )
    file = await encode(path, tmp_path / "made", tone_map=tone_map, ends=(30,))
    assert file.frames == 30
    assert re.search(r"yuv420p\(tv, bt709", told(file.path))


async def test_a_video_that_was_filmed_upright_is_upright(tmp_path: Path) -> None:
    lying, path = tmp_path / "lying.mp4", tmp_path / "source.mp4"
    left_red = "color=blue:s=160x90:r=30:d=1,drawbox=x=0:y=0:w=40:h=90:c=red:t=fill"
    ffmpeg("-f", "lavfi", "-i", left_red, *H264, lying)
    ffmpeg("-display_rotation", "90", "-i", lying, "-c", "copy", path)
    file = await encode(path, tmp_path / "made", (90, 160), ends=(30,), stream_width=90, stream_height=160)
    assert " 90x160" in told(file.path)
    (top, bottom) = (colours(file.path, 40, y) for y in (10, 140))
    assert {top[0] > 150, bottom[0] > 150} == {True, False}


async def test_pixels_become_square(tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg(*pictures(seconds=1), "-vf", "scale=72:58,setsar=64/45", *H264, path)
    file = await encode(path, tmp_path / "made", (102, 58), ends=(30,))
    assert re.search(r" 102x58 \[SAR 1:1 ", told(file.path))


async def test_the_combs_of_interlaced_pictures_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "source.mkv"
    moving = "testsrc2=s=160x90:r=50:d=1,tinterlace=interleave_top,fieldorder=tff"
    ffmpeg("-f", "lavfi", "-i", moving, "-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ildct+ilme", path)
    combs: dict[bool, int] = {}
    for deinterlace in (False, True):
        made = await encode(path, tmp_path / str(deinterlace), rate="25", ends=(25,), deinterlace=deinterlace)
        assert made.frames == 25
        luma = ffmpeg("-i", made.path, "-f", "rawvideo", "-pix_fmt", "gray", "-")
        combs[deinterlace] = sum(
            abs(2 * luma[place] - luma[place - 160] - luma[place + 160]) for place in range(160, len(luma) - 160, 7)
        )
    assert combs[True] < 0.9 * combs[False]


@pytest.mark.parametrize(
    ("pixels", "tags"),
    [
        ("yuv420p", ["-colorspace", "smpte170m", "-color_range", "tv"]),
        ("yuv420p", ["-colorspace", "bt709", "-color_range", "tv"]),
        ("yuvj420p", ["-colorspace", "bt709", "-color_range", "pc"]),
        ("yuv444p", ["-colorspace", "bt709", "-color_range", "tv"]),
        ("yuv422p10le", ["-colorspace", "bt709", "-color_range", "tv"]),
    ],
)
async def test_colours_stay_what_they_are(tmp_path: Path, pixels: str, tags: list[str]) -> None:
    path = tmp_path / "source.mkv"
    matrix, kind = tags[1], "pc" if "pc" in tags else "tv"
    orange = "color=0xe08030:s=160x90:r=30:d=1,format=gbrp"
    convert = f"scale=out_color_matrix={'bt601' if matrix == 'smpte170m' else matrix}:out_range={kind},format={pixels}"
    ffmpeg("-f", "lavfi", "-i", orange, "-vf", convert, "-c:v", "ffv1", *tags, path)
    file = await encode(path, tmp_path / "made", ends=(30,), stream_matrix=matrix)
    assert colours(file.path, 80, 45) == pytest.approx((0xE0, 0x80, 0x30), abs=6)
    assert re.search(r"yuv420p\(tv, bt709", told(file.path))


async def test_a_slow_video_has_no_pictures_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg(*pictures("5"), *H264, path)
    file = await encode(path, tmp_path / "made", rate="5", ends=(25,), b_frames=False)
    frames = ffmpeg("-i", file.path, "-c", "copy", "-f", "framemd5", "-").decode().splitlines()
    times = [line.split(",")[1:3] for line in frames if not line.startswith("#")]
    assert all(decoding.strip() == shown.strip() for decoding, shown in times)
