"""Sources of every shape, and what must be made of each: the report of its inspection and its plan, or its refusal.

`kitchen_in(folder).path("vfr.mp4")` makes a file when it is first asked for. All are tiny.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.media import hostile, wholesome
from tests.media.making import NOWHERE, Kitchen
from workflows.video.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A source that becomes a video. What is not said is as in most: no captions, no warnings, plain pictures.

    Attributes:
        shown: its size on a screen; None: sound alone.
        rate: of the output.
        frames: of the output.
        rungs: from the lowest; empty: one, at its own size.
        sounds: their languages, the default first.
        captions: their languages and kinds.
        picture: what else its video stream says, other than usual.
        plan: what else the plan says, other than usual.
        warned: a word of its one warning.
    """

    container: str = "mov"
    shown: tuple[int, int] | None = (160, 90)
    rate: str = "30"
    frames: int = 60
    rungs: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ("und",)
    captions: tuple[str, ...] = ()
    seconds: float = 2.0
    start: float = 0.0
    remuxed: bool = False
    picture: Mapping[str, object] = field(default_factory=dict[str, object])
    plan: Mapping[str, object] = field(default_factory=dict[str, object])
    warned: str = ""


@dataclass(frozen=True)
class Refused:
    """A source that does not; `word` is part of what its owner reads."""

    code: Refusal
    word: str


Shape = Taken | Refused

SILENT: tuple[str, ...] = ()
SD = ("360p", "480p")
HD = (*SD, "720p", "1080p")
HDR: Mapping[str, object] = {"bits": 10, "pixel_format": "yuv420p10le", "primaries": "bt2020", "matrix": "bt2020nc"}
NOT_MEDIA, PLAYLIST = Refusal.UNSUPPORTED_MEDIA, Refused(Refusal.DISGUISED_PLAYLIST, "playlist")


def second(**fields: object) -> Taken:
    """One second without sound, as most of those that show one property are."""
    return Taken(**({"sounds": SILENT, "frames": 30, "seconds": 1.0} | fields))  # pyright: ignore[reportArgumentType]


def sound(container: str, seconds: float = 2.0, start: float = 0.0) -> Taken:
    return Taken(container=container, shown=None, rate="30", frames=0, seconds=seconds, start=start)


SHAPES: dict[str, Shape] = {
    "plain.mp4": Taken(),
    "faststart.mp4": Taken(),
    "silent.mp4": Taken(sounds=SILENT),
    "plain.mkv": Taken(container="matroska", seconds=2.021),
    "plain.mov": Taken(),
    "plain.ts": Taken(container="mpegts", seconds=2.021, start=1.4, frames=61, remuxed=True),
    "late.ts": Taken(container="mpegts", seconds=2.021, start=101.379, frames=61, remuxed=True),
    "plain.flv": Taken(container="flv", seconds=2.021, frames=61, remuxed=True),
    "plain.avi": Taken(container="avi", seconds=2.04, frames=61),
    "aac.avi": Taken(container="avi", seconds=2.033, frames=61),
    "dts.m2ts": Taken(container="mpegts", seconds=2.0, start=1.4, remuxed=True),
    "plain.wmv": Taken(container="asf", seconds=2.086, frames=63, remuxed=True),
    "plain.mpg": Taken(
        container="mpeg", shown=(160, 96), rate="25", frames=50, seconds=2.016, start=0.53, remuxed=True
    ),
    "plain.mxf": Taken(container="mxf", shown=(720, 576), rate="25", frames=25, rungs=SD, seconds=1.0, remuxed=True),
    "plain.ogv": Taken(container="ogg", remuxed=True),
    "vp9.webm": Taken(container="matroska", seconds=2.008),
    "live.webm": Taken(container="matroska", seconds=2.001, remuxed=True, picture={"matrix": "bt470bg"}),
    "fragmented.mp4": Taken(seconds=2.021, frames=61, remuxed=True, picture={"is_variable_rate": True}),
    "av1.mp4": second(),
    "hevc.mp4": second(),
    "prores.mov": second(picture={"bits": 10, "pixel_format": "yuv422p10le"}),
    "ffv1.mkv": second(container="matroska"),
    "mjpeg.avi": second(container="avi", picture={"matrix": "bt470bg", "pixel_format": "yuvj420p"}),
    "animation.gif": second(
        container="gif", rate="10", frames=10, picture={"pixel_format": "bgra"}, plan={"b_frames": False}
    ),
    "vfr.mp4": Taken(sounds=SILENT, seconds=3.933, frames=118, picture={"is_variable_rate": True}),
    "fast.mp4": second(rate="60", frames=60),
    "slow.mp4": second(rate="1", frames=5, seconds=5.0, plan={"b_frames": False, "chunk_ends": (2, 5)}),
    "ntsc.mp4": second(rate="30000/1001", frames=60, seconds=2.002),
    "film.mkv": second(container="matroska", rate="24000/1001", frames=48, seconds=2.002),
    "one-frame.mp4": second(frames=1, seconds=0.033),
    "late.mp4": Taken(seconds=5.0, frames=150, picture={"start": 3.0}),
    "long.mp4": second(shown=(64, 64), rate="1", frames=18_000, seconds=18_000.0, plan={"b_frames": False}),
    "turned90.mp4": Taken(sounds=SILENT, shown=(90, 160), picture={"rotation": 270}),
    "turned180.mp4": Taken(sounds=SILENT, picture={"rotation": 180}),
    "turned270.mp4": Taken(sounds=SILENT, shown=(90, 160), picture={"rotation": 90}),
    "hdr10.mp4": second(picture={**HDR, "transfer": "smpte2084"}, plan={"tone_map": "pq"}),
    "hlg.mp4": second(picture={**HDR, "transfer": "arib-std-b67"}, plan={"tone_map": "hlg"}),
    "ten-bit.mkv": second(container="matroska", picture={"bits": 10, "pixel_format": "yuv420p10le"}),
    "odd.mkv": second(container="matroska", shown=(321, 181), picture={"pixel_format": "yuv444p"}),
    "flat.mp4": second(shown=(1000, 20)),
    "dot.mkv": second(container="matroska", shown=(2, 2), picture={"pixel_format": "yuv444p"}),
    "portrait.mp4": second(shown=(404, 720), rungs=("360p",)),
    "anamorphic.mp4": second(shown=(1024, 576), rate="25", frames=25, rungs=SD),
    "interlaced.ts": second(
        container="mpegts",
        shown=(160, 96),
        rate="25",
        frames=25,
        start=1.44,
        remuxed=True,
        picture={"is_interlaced": True, "pixel_format": "yuv422p"},
        plan={"deinterlace": True},
    ),
    "large.mp4": second(shown=(1920, 1080), seconds=0.2, frames=6, rungs=HD),
    "uhd.mp4": second(shown=(3840, 2160), seconds=0.1, frames=3, rungs=(*HD, "1440p", "2160p")),
    "languages.mkv": Taken(container="matroska", seconds=2.021, sounds=("de", "en", "und")),
    "many-sounds.mkv": Taken(container="matroska", seconds=2.023, sounds=("und",) * 8, warned="10 audio tracks"),
    "surround.mkv": Taken(container="matroska", seconds=2.005),
    "telephone.mov": Taken(),
    "short-sound.mp4": Taken(),
    "long-sound.mp4": Taken(seconds=4.0, frames=30),
    "captions.mp4": Taken(captions=("fr mov_text",)),
    "fragmented-captions.mp4": Taken(
        seconds=2.021, frames=61, captions=("fr mov_text",), remuxed=True, picture={"is_variable_rate": True}
    ),
    "captions.mkv": Taken(container="matroska", seconds=2.021, captions=("en subrip", "es ass")),
    "windows-captions.mkv": Taken(container="matroska", seconds=2.021, captions=("de subrip",)),
    "graphics.mkv": Taken(container="matroska", seconds=2.021, warned="pictures and not text"),
    "sound.mp3": sound("mp3", start=0.023),
    "sound.wav": sound("wav"),
    "sound.aiff": sound("aiff"),
    "sound.caf": sound("caf"),
    "sound.flac": sound("flac"),
    "sound.ogg": sound("ogg"),
    "sound.aac": sound("aac", 2.009),
    "cover.m4a": sound("mov"),
    "cover.mp3": sound("mp3", start=0.023),
    "truncated.mp4": Taken(seconds=0.981, frames=29, warned="cut off"),
    "flipped.mkv": Taken(container="matroska", seconds=2.021),
    "flipped.mp4": Taken(),
    "hollow.mp4": Taken(),
    "referring.mp4": Taken(),
    "zero.mp4": Refused(Refusal.EMPTY_FILE, "empty"),
    "random.mp4": Refused(NOT_MEDIA, "not known"),
    "text.mp4": Refused(NOT_MEDIA, "text"),
    "drawing.mp4": Refused(NOT_MEDIA, "drawing"),
    "page.mp4": Refused(NOT_MEDIA, "web page"),
    "picture.mp4": Refused(NOT_MEDIA, "PNG"),
    "photo.mov": Refused(NOT_MEDIA, "JPEG"),
    "archive.mp4": Refused(NOT_MEDIA, "ZIP"),
    "program.mp4": Refused(NOT_MEDIA, "program"),
    "playlist.m3u8": PLAYLIST,
    "playlist.mp4": PLAYLIST,
    "playlist.avi": PLAYLIST,
    "playlist.mkv": PLAYLIST,
    "concat.mp4": PLAYLIST,
    "manifest.mp4": PLAYLIST,
    "session.mp4": PLAYLIST,
    "gab2.avi": Refused(Refusal.NO_MEDIA_STREAMS, "neither pictures nor sound"),
    "nomoov.mp4": Refused(Refusal.CORRUPT_MEDIA, "incomplete"),
    "badheader.mp4": Refused(Refusal.CORRUPT_MEDIA, "Not one picture"),
    "encrypted.mp4": Refused(Refusal.ENCRYPTED_MEDIA, "DRM"),
    "huge.mp4": Refused(Refusal.PICTURE_TOO_LARGE, "8192x8192"),
    "wide.mp4": Refused(Refusal.PICTURE_TOO_LARGE, "9000x16"),
    "far-apart.mp4": Refused(Refusal.TOO_LONG, "20:00"),
    "sparse.mp4": Refused(Refusal.IMPLAUSIBLE_LENGTH, "5:16:40"),
    "many-streams.mkv": Refused(Refusal.TOO_MANY_STREAMS, "40 streams"),
}


def kitchen_in(folder: Path, canary: str = NOWHERE) -> Kitchen:
    """Where the files are made; what is hostile among them refers to the canary's address."""
    return Kitchen(folder, {**wholesome.RECIPES, **hostile.RECIPES}, canary)
