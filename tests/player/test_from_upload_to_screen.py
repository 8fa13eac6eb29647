"""What the platform makes of an upload plays in a browser: the whole way of a video, with nothing made by the test."""

from pathlib import Path
from time import time

import pytest

from tests.api.served import Served
from tests.player.conftest import Play
from tests.video.conftest import callers, client, platform_database, store, studio, video_settings, workers
from tests.video.films import film
from tests.video.studio import Studio
from zilliance.tokens import PlaybackGrant, PlaybackKind

__all__ = ["callers", "client", "platform_database", "store", "studio", "video_settings", "workers"]
pytestmark = pytest.mark.timeout(600)

SECONDS = 7


async def test_an_upload_is_played_to_its_end(play: Play, studio: Studio, api: Served, tmp_path: Path) -> None:
    row, _ = await studio.process(film(tmp_path / "a.mp4", seconds=SECONDS, size="854x480"))
    assert [each["name"] for each in row["renditions"]] == ["360p", "480p"]
    now = int(time())
    grant = PlaybackGrant(row["id"], "guest:a browser", PlaybackKind.VIDEO, 0, now, now + 600)
    url = f"{api.url}/video/v1/play/{api.state.tokens.playback.issue(grant)}/master.m3u8"
    seen = await play(story="plain", url=url)
    assert [error for error in seen["errors"] if error[0]] == []
    assert seen["ended"] is True
    assert seen["duration"] == pytest.approx(SECONDS, abs=0.2)
    assert len(seen["ranges"]) == 1
    assert seen["ranges"][0][0] < 0.2
    assert [request for request in seen["requests"] if request[0] >= 400] == []
