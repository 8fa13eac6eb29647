"""A film as the processing of videos leaves it, made by ffmpeg with the arguments that that uses."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from imageio_ffmpeg import get_ffmpeg_exe

from activities.media.boxes import read_fragments, read_init

RATE = 25
GOP = 50
SECONDS = 12
CHUNK_ENDS = (50, 150, 300)
SIZES = {"90p": (160, 90, 150_000), "180p": (320, 180, 600_000)}
TIMESCALE = RATE * 1000
CAPTIONS = (
    "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000\n\n"
    "00:00:00.500 --> 00:00:03.000\nHello there\n\n00:00:05.000 --> 00:00:11.500\nGood bye\n"
)


@dataclass(frozen=True)
class Piece:
    """One object: its bytes, and what its row says of it."""

    body: bytes
    init_size: int = 0
    init_sha256: str = ""
    start: int = 0
    frames: int = 0
    fragments: list[int] = field(default_factory=list[int])


@dataclass(frozen=True)
class FilmTrack:
    """One track with its pieces."""

    name: str
    kind: str
    properties: dict[str, Any]
    pieces: list[Piece]


@dataclass(frozen=True)
class Film:
    """All tracks of one video, and its source, against which what is played can be held."""

    tracks: list[FilmTrack]
    seconds: float = SECONDS

    def track(self, name: str) -> FilmTrack:
        return next(track for track in self.tracks if track.name == name)


async def ffmpeg(*arguments: str | Path) -> bytes:
    """Run it; what it wrote to its standard output."""
    process = await asyncio.create_subprocess_exec(
        get_ffmpeg_exe(),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out


async def make_film(folder: Path) -> Film:
    """Two renditions, sound in two pieces, captions and a storyboard."""
    pictures = [await _rendition(folder, name, *size) for name, size in SIZES.items()]
    return Film([*pictures, await _sound(folder), _captions(), await _storyboard(folder)])


async def _rendition(folder: Path, name: str, width: int, height: int, most: int) -> FilmTrack:
    pieces: list[Piece] = []
    for start, end in zip((0, *CHUNK_ENDS), CHUNK_ENDS, strict=False):
        path = folder / f"{name}-{start}.mp4"
        await ffmpeg(
            *("-f", "lavfi", "-i", f"testsrc2=size=640x360:rate={RATE}:duration={SECONDS}"),
            *("-vf", f"trim=start_pts={start}:end_pts={end},scale={width}:{height},setsar=1,format=yuv420p"),
            *("-c:v", "libx264", "-threads", "1", "-preset", "ultrafast", "-profile:v", "high", "-crf", "30"),
            *("-maxrate", str(most), "-bufsize", str(2 * most), "-g", str(GOP), "-keyint_min", str(GOP)),
            *("-sc_threshold", "0", "-flags", "+cgop", "-fps_mode", "passthrough", "-enc_time_base", f"1:{RATE}"),
            *("-avoid_negative_ts", "disabled", "-output_ts_offset", "1", "-video_track_timescale", str(TIMESCALE)),
            *("-use_editlist", "0", "-f", "mp4"),
            *("-movflags", "+frag_keyframe+empty_moov+default_base_moof+frag_discont", path),
        )
        pieces.append(read_piece(path.read_bytes()))
    init = read_init(BytesIO(pieces[0].body), len(pieces[0].body))
    assert init is not None
    properties = {
        "width": width,
        "height": height,
        "rate": {"numerator": RATE, "denominator": 1},
        "timescale": TIMESCALE,
        "codec": init.codec,
        "segment_fragments": 3,
        "quality": "sd",
    }
    return FilmTrack(name, "video", properties, pieces)


async def _sound(folder: Path) -> FilmTrack:
    path = folder / "sound.mp4"
    await ffmpeg(
        *("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS}"),
        *("-c:a", "aac", "-b:a", "64k", "-ac", "2", "-ar", "48000", "-avoid_negative_ts", "disabled"),
        *("-output_ts_offset", "1", "-use_editlist", "0", "-f", "mp4"),
        *("-movflags", "+empty_moov+default_base_moof+frag_discont"),
        *("-frag_duration", "2000000", "-min_frag_duration", "1900000", path),
    )
    whole = path.read_bytes()
    init = read_init(BytesIO(whole), len(whole))
    assert init is not None
    cut = read_fragments(BytesIO(whole), init.size, len(whole))[3].fragment.offset
    pieces = [read_piece(whole[:cut]), read_piece(whole[: init.size] + whole[cut:])]
    properties = {
        "codec": init.codec,
        "channels": 2,
        "sample_rate": 48_000,
        "timescale": init.timescale,
        "language": "en",
        "title": 'English "original"',
        "is_default": True,
    }
    return FilmTrack("audio-1", "audio", properties, pieces)


def _captions() -> FilmTrack:
    properties = {"language": "en", "title": "English", "is_default": False, "is_forced": False}
    return FilmTrack("subtitles-1", "subtitles", properties, [Piece(CAPTIONS.encode())])


async def _storyboard(folder: Path) -> FilmTrack:
    path = folder / "sheet.jpg"
    await ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=size=640x360:rate={RATE}:duration={SECONDS}"),
        *("-vf", "fps=1/2,scale=160:90,tile=3x2", "-frames:v", "1", "-q:v", "5", path),
    )
    properties = {
        "tile_width": 160,
        "tile_height": 90,
        "columns": 3,
        "rows": 2,
        "interval_seconds": 2,
        "pictures": 6,
    }
    return FilmTrack("storyboard", "storyboard", properties, [Piece(path.read_bytes())])


def read_piece(body: bytes) -> Piece:
    """What a row says of a fragmented MP4 file."""
    init = read_init(BytesIO(body), len(body))
    assert init is not None
    found = read_fragments(BytesIO(body), init.size, len(body))
    fragments = [
        number
        for each in found
        for number in (
            each.fragment.offset,
            each.fragment.size,
            each.fragment.ticks,
            each.fragment.first_sample_end,
        )
    ]
    sha256 = hashlib.sha256(body[: init.size]).hexdigest()
    assert sha256 == init.sha256
    return Piece(body, init.size, init.sha256, found[0].start, sum(each.frames for each in found), fragments)
