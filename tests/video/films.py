"""Small films, made by ffmpeg."""

import subprocess
from pathlib import Path

import imageio_ffmpeg


def ffmpeg(*arguments: str) -> None:
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments], check=True
    )


def film(
    path: Path, *, seconds: float = 6, size: str = "160x90", rate: int = 30, sound: bool = True, pictures: bool = True
) -> Path:
    """Bars with a counter and a tone; with an index in front."""
    inputs: list[str] = []
    if pictures:
        inputs += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
    if sound:
        inputs += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}:sample_rate=48000"]
    ffmpeg(
        *inputs,
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac"),
        *("-movflags", "+faststart", str(path)),
    )
    return path


def looped(part: Path, path: Path, *, times: int) -> Path:
    """The same film again and again: long, and made in a moment."""
    ffmpeg("-stream_loop", str(times - 1), "-i", str(part), "-c", "copy", "-movflags", "+faststart", str(path))
    return path
