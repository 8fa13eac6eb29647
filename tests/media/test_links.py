"""What a program leaves in its folder may be a link to what is not its own, and nobody writes or reads through it."""

from pathlib import Path
from typing import Any, cast

import pytest

from activities.media.boxes import write_beside
from activities.media.captions import CaptionFile
from activities.media.extras import FfmpegExtraActivities
from workflows.video.tracks import Track


async def test_captions_are_not_written_through_a_link(tmp_path: Path) -> None:
    secret, folder = tmp_path / "not its own", tmp_path / "folder"
    folder.mkdir()
    secret.write_text("as it was")
    (folder / "subtitles-1.published.vtt").symlink_to(secret)
    nothing = cast("Any", None)  # it does not come so far
    activities = FfmpegExtraActivities(nothing, nothing, nothing, nothing)
    found = CaptionFile(track="subtitles-1", content=b"WEBVTT\n", cues=1)
    with pytest.raises(FileExistsError):
        await activities._publish_captions(nothing, Track("subtitles-1", "subtitles", 0, {}), found, folder)
    assert secret.read_text() == "as it was"


def test_a_file_is_written_once_and_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "made"
    write_beside(path, b"a", b"b")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"ab", 0o600)
    with pytest.raises(FileExistsError):
        write_beside(path, b"c")
