"""What comes of a run's objects when they are laid end to end and decoded, as a player does."""

import subprocess
from pathlib import Path
from uuid import UUID

import imageio_ffmpeg

from tests.video.studio import Studio


async def track_bytes(studio: Studio, run: UUID, track: str) -> bytes:
    """A track as one file: the beginning of its first object, and then all fragments."""
    parts: list[bytes] = []
    for chunk in await studio.chunks(run, track):
        data = await studio.store.fetch(chunk["object_key"])
        assert len(data) == chunk["size"]
        assert sum(chunk["fragments"][1::4]) == chunk["size"] - chunk["init_size"]
        parts.append(data[chunk["init_size"] if parts else 0 :])
    return b"".join(parts)


def frames_of(data: bytes, folder: Path) -> int:
    """How many pictures a decoder finds."""
    path = folder / "track.mp4"
    path.write_bytes(data)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return sum(not line.startswith("#") for line in done.stdout.splitlines())


def seconds_of(data: bytes, folder: Path) -> float:
    """How long the sound is that a decoder finds."""
    path = folder / "track.mp4"
    path.write_bytes(data)
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-map", "0:a"),
        *("-f", "s16le", "-ac", "1", "-ar", "8000", "-"),
    ]
    done = subprocess.run(command, check=True, capture_output=True)
    return len(done.stdout) / 16_000
