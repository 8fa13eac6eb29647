"""The step of the demonstration that shows a video: a film is made on the spot, uploaded, processed and played."""

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

from zilliance.devstack.visitor import DemoError, Visitor, member_of, rows_of

FILM_SECONDS = 8
WAIT_SECONDS = 300  # much more than it takes: encoders give way to whatever else runs on the machine


def show_video(visitor: Visitor, user_id: str) -> tuple[str, str]:
    """What came of it, and an address that plays it anywhere. Raises DemoError."""
    path = f"{user_id}/film.mp4"
    headers = {"Content-Type": "video/mp4", "x-upsert": "true"}
    visitor.send("POST", f"/storage/v1/object/videos/{path}", _film(), **headers)
    body = {"title": "A film", "storage_path": path}
    (video,) = rows_of(visitor.send("POST", "/rest/v1/videos", body, Prefer="return=representation"))
    began = time.monotonic()
    visitor.send("POST", "/functions/v1/process-video", {"videoId": video["id"]}, Prefer="respond-async")
    _until(visitor, video["id"], "hls_url")
    playable = time.monotonic() - began
    ready = _until(visitor, video["id"], "duration", status="ready")
    took = time.monotonic() - began
    grant = visitor.send("POST", f"/video/v1/videos/{video['id']}/playback", {})
    link = str(member_of(grant, "hls_url"))
    if b"#EXTM3U" not in visitor.open_at(link):
        message = f"{link} should be a playlist, and is none"
        raise DemoError(message)
    renditions = ", ".join(each["name"] for each in ready["renditions"])
    return f"playable after {playable:.1f} s, ready after {took:.1f} s: {renditions}", link


def _until(visitor: Visitor, video_id: str, column: str, *, status: str = "") -> dict[str, Any]:
    """The video's row, once a column of it is set and it has this status, if one is asked for."""
    until = time.monotonic() + WAIT_SECONDS
    video: dict[str, Any] = {}
    while time.monotonic() < until and video.get("status") != "error":
        (video,) = rows_of(visitor.send("GET", f"/rest/v1/videos?id=eq.{video_id}"))
        if video[column] and status in {"", video["status"]}:
            return video
        time.sleep(0.1)
    seen = {name: video.get(name) for name in ("status", "progress", "error_message")}
    message = f"the video should have been processed within {WAIT_SECONDS} s, and is {seen}"
    raise DemoError(message)


def _film() -> bytes:
    """A few seconds of moving bars with a tone, in MP4."""
    with tempfile.TemporaryDirectory(prefix="zilliance-demo-") as folder:
        path = Path(folder) / "film.mp4"
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-v", "error",
            "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=30:duration={FILM_SECONDS}",
            "-f", "lavfi", "-i", f"sine=frequency=220:duration={FILM_SECONDS}:sample_rate=48000",
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart",
            str(path),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            message = f"no film could be made: {done.stderr.decode(errors='replace')[-300:]}"
            raise DemoError(message)
        return path.read_bytes()
