"""Sources that are read from afar, over lines that break: what has not come is never taken for the end of a film."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from activities.media.commands.copies import reach_command
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.runner import EncodeLimits, run_command
from activities.media.sound import measure_loudness
from activities.media.tools import MediaTools, Source
from tests.video.films import ffmpeg

AT_ONCE = struct.pack("ii", 1, 0)  # a reset, as of a process that was killed


@asynccontextmanager
async def served(data: bytes, *, until: int, reset: bool = False) -> AsyncGenerator[str]:
    """A server that hands out a file up to a byte of it, and hangs up there."""
    size = len(data)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            asked = re.search(r"range: bytes=(\d+)-", head, re.IGNORECASE)
            first = int(asked[1]) if asked else 0
            about = f"Content-Range: bytes {first}-{size - 1}/{size}\r\nContent-Length: {size - first}"
            writer.write(f"HTTP/1.1 206 Partial Content\r\n{about}\r\n\r\n".encode())
            writer.write(data[first : max(first, until)])
            await writer.drain()
            if reset:
                await asyncio.sleep(0.2)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/film"
    finally:
        server.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=10", "-f", "lavfi", "-i", "sine=duration=10"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-c:a", "aac", "-movflags", "+faststart", str(path)),
    )
    return path


async def reach(tools: MediaTools, location: str, folder: Path) -> str:
    command = reach_command(tools.ffmpeg, Source(location=location), 0)
    return await run_command(tools, command, folder, limits=EncodeLimits())


@pytest.fixture(params=["mp4", "mkv", "ts"])
def kept_as(request: pytest.FixtureRequest, film: Path, tmp_path: Path) -> bytes:
    path = tmp_path / f"film.{request.param}"
    ffmpeg("-i", str(film), "-c", "copy", *(("-movflags", "+faststart") if request.param == "mp4" else ()), str(path))
    return path.read_bytes()


@pytest.fixture
def cut_off(film: Path) -> bytes:
    return film.read_bytes()[: film.stat().st_size // 2]


@pytest.mark.parametrize("reset", [False, True], ids=["hung up", "reset"])
async def test_a_store_that_breaks_off_in_the_middle_is_no_end_of_the_film(
    tools: MediaTools, kept_as: bytes, tmp_path: Path, *, reset: bool
) -> None:
    async with served(kept_as, until=len(kept_as) // 2, reset=reset) as url:
        with pytest.raises(MediaFailedError) as raised:
            await reach(tools, url, tmp_path)
    assert raised.value.fault is MediaFault.UNREACHABLE


async def test_a_film_that_is_cut_off_itself_is_read_as_far_as_it_goes(
    tools: MediaTools, cut_off: bytes, tmp_path: Path
) -> None:
    async with served(cut_off, until=len(cut_off)) as url:
        await reach(tools, url, tmp_path)


async def test_a_title_that_speaks_of_broken_lines_is_a_title(tools: MediaTools, film: Path, tmp_path: Path) -> None:
    path = tmp_path / "titled.mp4"
    titled = ("-metadata", "title=[http] Connection reset", "-metadata", "comment=\n[http] timed out")
    ffmpeg("-i", str(film), "-c", "copy", *titled, "-movflags", "+faststart", str(path))
    data = await asyncio.to_thread(path.read_bytes)
    async with served(data, until=len(data)) as url:
        loudness = await measure_loudness(tools, Source(location=url, duration=10), 1, tmp_path)
    assert loudness.integrated > -70.0
