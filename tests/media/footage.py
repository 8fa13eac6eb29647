"""Real files for the tests of media work, made by ffmpeg from nothing, and what they hold when they are decoded."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from activities.media.tools import MediaTools, find_ffmpeg
from workflows.contracts.video import PictureStream, QualityClass, Rate, Rung, VideoPlan
from zilliance.processes import Processes

FFMPEG = find_ffmpeg()
PICTURES = "testsrc2=s=160x90:r={rate}:d={seconds}"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
SMALL = Rung(name="48p", width=86, height=48, max_bitrate=100_000, quality=QualityClass.SD)
FULL = Rung(name="90p", width=160, height=90, max_bitrate=300_000, quality=QualityClass.SD)
GRID = "-copyts -start_at_zero"


def ffmpeg(*arguments: str | Path) -> bytes:
    """Run ffmpeg itself. Returns what it writes to stdout."""
    command = [FFMPEG, "-hide_banner", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60).stdout


def pictures(rate: str = "30", seconds: float = 5) -> list[str]:
    """The arguments of an input of moving pictures, each of which shows its own number."""
    return ["-f", "lavfi", "-i", PICTURES.format(rate=rate, seconds=seconds)]


def tone(seconds: float = 5, volume: float = 1) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=440:d={seconds},volume={volume}"]


def tools(**fields: object) -> MediaTools:
    return MediaTools(processes=Processes(), ffmpeg=FFMPEG, **fields)  # pyright: ignore[reportArgumentType]


def lossless(folder: Path) -> str:
    """A program that is ffmpeg, but has x264 keep every pixel: what is decoded then is what was to be encoded."""
    program = folder / "lossless"
    program.write_text(f"""#!/bin/bash
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    -profile:v) arguments+=(-profile:v high444); shift 2 ;;
    -crf) arguments+=(-qp 0); shift 2 ;;
    -preset) arguments+=(-preset ultrafast); shift 2 ;;
    -maxrate|-bufsize) shift 2 ;;
    *) arguments+=("$1"); shift ;;
  esac
done
exec {FFMPEG} "${{arguments[@]}}"
""")
    for path in (folder, program):
        path.chmod(0o755)  # a worker that is root hands it to nobody
    return str(program)


def picture(rate: str = "30", **fields: object) -> PictureStream:
    numerator, _, denominator = rate.partition("/")
    values: dict[str, object] = {"index": 0, "codec": "", "width": 160, "height": 90, **fields}
    return PictureStream.model_validate({**values, "rate": _rate(numerator, denominator)})


def plan(rate: str = "30", ends: Sequence[int] = (30, 75, 120, 150), **fields: object) -> VideoPlan:
    """A plan with chunks of a second or so, and fragments of half a second."""
    numerator, _, denominator = rate.partition("/")
    values: dict[str, object] = {
        "rate": _rate(numerator, denominator),
        "timescale": int(numerator) if int(numerator) >= 10_000 else int(numerator) * 1000,
        "frames": ends[-1],
        "gop_frames": 15,
        "chunk_ends": tuple(ends),
        "rungs": (SMALL, FULL),
        **fields,
    }
    return VideoPlan.model_validate(values)


def _rate(numerator: str, denominator: str) -> Rate:
    return Rate(numerator=int(numerator), denominator=int(denominator or 1))


def picture_hashes(*arguments: str | Path) -> list[str]:
    """A hash of each picture that comes out."""
    text = ffmpeg(*arguments, "-f", "framemd5", "-").decode()
    return [line.rpartition(",")[2].strip() for line in text.splitlines() if not line.startswith("#")]


def decoded(path: Path) -> list[str]:
    """A hash of each picture of a file, one for every frame it has."""
    return picture_hashes("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p")
