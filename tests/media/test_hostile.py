"""Files that name others: whatever they are called and wherever they lie, nobody is asked and nothing is read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from activities.media.captions import extract_captions
from activities.media.encoding import encode_chunk
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.poster import take_poster
from activities.media.remux import remux
from activities.media.sound import encode_sound, measure_loudness
from activities.media.tools import Source
from tests.media.footage import H264, ffmpeg, picture, pictures, plan, tone, tools
from workflows.contracts.video import SourceReport

SCRIPTS = {
    "a playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n",
    "a playlist of files": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "a master playlist": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}\n",
    "a script of concat": "ffconcat version 1.0\nfile '{secret}'\nfile '{url}'\n",
    "a session description": (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "a presentation description": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT5S"><Period>'
        '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{url}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
    "a picture that names others": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>',
}


@dataclass(frozen=True)
class Canary:
    """A listener to whom nobody may come, and a file that nobody may read."""

    port: int
    secret: Path
    visits: list[str]


@pytest.fixture
async def canary(tmp_path: Path) -> AsyncIterator[Canary]:
    secret = tmp_path / "secret.mp4"
    ffmpeg(*pictures(), *tone(), *H264, secret)
    visits: list[str] = []

    async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append("came")
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    yield Canary(server.sockets[0].getsockname()[1], secret, visits)
    server.close()
    await server.wait_closed()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[str]:
    """An HTTP server that hands out the test's folder, as a store does, under the type of playlists."""
    folder = tmp_path / "store"
    folder.mkdir()

    async def give(request: web.Request) -> web.FileResponse:
        headers = {"Content-Type": "application/vnd.apple.mpegurl"}
        return web.FileResponse(folder / request.match_info["name"], headers=headers)

    app = web.Application()
    app.router.add_get("/{name}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def works(source: Source, folder: Path) -> dict[str, Callable[[], Awaitable[object]]]:
    """All that is ever done to a source."""
    described = SourceReport(container="mov", size=1000, duration=5, picture=picture())

    async def sound() -> object:
        return [piece async for piece in encode_sound(tools(), source, index=1, track="audio-1", gain=0, folder=folder)]

    return {
        "pictures": lambda: encode_chunk(tools(), source, plan=plan(), chunk=0, rungs=plan().rungs, folder=folder),
        "sound": sound,
        "loudness": lambda: measure_loudness(tools(), source, 1, folder),
        "poster": lambda: take_poster(tools(), source, plan=plan(), folder=folder),
        "captions": lambda: extract_captions(tools(), source, index=2, track="subtitles-1", folder=folder),
        "remux": lambda: remux(tools(), source, described=described, folder=folder),
    }


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("remote", [False, True], ids=["a file", "an object of the store"])
async def test_a_file_that_names_others_is_no_video(
    kind: str, remote: bool, canary: Canary, store: str, tmp_path: Path
) -> None:
    path = tmp_path / "store" / "video.mp4"
    url = f"http://127.0.0.1:{canary.port}/x.mp4"
    path.write_text(SCRIPTS[kind].format(url=url, secret=canary.secret, port=canary.port))
    source = Source(location=f"{store}/video.mp4" if remote else str(path), picture=picture(), duration=5)
    for name, work in works(source, tmp_path / "store").items():
        with pytest.raises(MediaFailedError) as raised:
            await work()
        assert raised.value.fault is MediaFault.BAD_INPUT, name
    assert canary.visits == []


async def test_an_object_of_the_store_is_encoded_to_the_same_bytes_as_the_file(store: str, tmp_path: Path) -> None:
    path = tmp_path / "store" / "video.mp4"
    ffmpeg(*pictures(), *tone(), *H264, path)
    made: list[list[bytes]] = []
    for name, location in (("near", str(path)), ("far", f"{store}/video.mp4")):
        folder = tmp_path / name
        folder.mkdir()
        source = Source(location=location, picture=picture(), duration=5)
        chunk = await encode_chunk(tools(), source, plan=plan(), chunk=3, rungs=plan().rungs, folder=folder)
        sound = [
            piece async for piece in encode_sound(tools(), source, index=1, track="audio-1", gain=0, folder=folder)
        ]
        made.append([file.path.read_bytes() for file in [*chunk, *sound]])
    assert made[0] == made[1]
