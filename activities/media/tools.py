"""What the media activities are given to work with: ffmpeg, what starts it, and the source that it reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

from workflows.contracts.video import Fragment, PictureStream
from zilliance.processes import Processes

Report = Callable[[float], None]  # how far a piece of work has come, from 0 to 1


@dataclass(frozen=True, kw_only=True)
class MediaTools:
    """The program, and the door through which it is started; one a worker process.

    Attributes:
        ffmpeg: the path of the program.
        stall_seconds: a program that gets no further for so long is ended, and its work tried again; before anything
            has come of it, ten times as long.
    """

    processes: Processes
    ffmpeg: str
    stall_seconds: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the bytes of a video are.

    Attributes:
        location: an absolute path, or a presigned URL of our own store.
        picture: its video stream, by the report of the inspection; None for sound alone.
        duration: seconds, by the report.
    """

    location: str
    picture: PictureStream | None = None
    duration: float = 0.0

    @property
    def is_remote(self) -> bool:
        return self.location.startswith(("http://", "https://"))

    @property
    def paths(self) -> list[Path]:
        """What is opened for a program that reads it once."""
        return [] if self.is_remote else [Path(self.location)]


@dataclass(frozen=True, kw_only=True)
class EncodedFile:
    """One fMP4 file: the object of one `video_chunks` row.

    Attributes:
        path: where it lies, in the folder that was given.
        track: whose it is, such as `360p` or `audio-1`.
        codec: as playlists say it (RFC 6381), such as `avc1.64001e`.
        init_size: bytes of ftyp and moov at its beginning, the same in all files of a track.
        start: when its first sample is shown, in ticks of the track; every track begins at one second.
        frames: its samples.
    """

    path: Path
    track: str
    codec: str
    size: int
    init_size: int
    init_sha256: str
    start: int
    frames: int
    fragments: Sequence[Fragment]


def find_ffmpeg(configured: str = "") -> str:
    """The path of the operator's own ffmpeg, or of the one that the wheel brings."""
    return configured or imageio_ffmpeg.get_ffmpeg_exe()


def ignore(_done: float) -> None:
    """A report that nobody reads."""
