"""Programs of media work: watched while they work, ended with all that is below them, and why they failed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.media.commands.command import Command
from activities.media.encoding import encode_chunk
from activities.media.faults import MediaFailedError, MediaFault, of_exit
from activities.media.runner import EncodeLimits, run_command
from activities.media.tools import Source
from tests.media.footage import FFMPEG, H264, ffmpeg, picture, pictures, plan, tools
from tests.ports import free_port
from tests.unit.living import alive
from tests.waiting import until
from workflows.contracts.video import QualityClass, Rung

SLOW = [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=s=1280x720",
    "-c:v",
    "libx264",
    "-preset",
    "veryslow",
    "-threads",
    "1",
    "-f",
    "mp4",
]


def command(*arguments: str) -> Command:
    return Command(arguments=[FFMPEG, "-nostdin", "-v", "error", "-nostats", "-y", "-progress", "pipe:1", *arguments])


async def run(folder: Path, *arguments: str, **limits: int) -> str:
    return await run_command(tools(), command(*arguments), folder, limits=EncodeLimits(**limits))


async def fault_of(folder: Path, *arguments: str, **limits: int) -> MediaFailedError:
    with pytest.raises(MediaFailedError) as raised:
        await run(folder, *arguments, **limits)
    return raised.value


async def test_who_cancels_waits_until_nothing_of_the_program_is_left(tmp_path: Path) -> None:
    running = asyncio.create_task(run(tmp_path, *SLOW, "cancelled-86411.mp4"))
    await until(lambda: bool(alive("cancelled-86411")))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert alive("cancelled-86411") == []


WORKER = """
import asyncio, sys
from pathlib import Path
from activities.media.runner import EncodeLimits, run_command
from tests.media.test_runner import SLOW, command
from tests.media.footage import tools

asyncio.run(run_command(tools(), command(*SLOW, "killed-86421.mp4"), Path(sys.argv[1]), limits=EncodeLimits()))
"""


async def test_no_encoder_outlives_a_worker_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(folder)])  # noqa: ASYNC220
    try:
        await until((folder / "killed-86421.mp4").exists)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        await until(lambda: not alive("killed-86421.mp4"))
        await until(lambda: not folder.exists())
    finally:
        worker.kill()
        worker.wait()


@pytest.fixture
async def silent_server() -> AsyncIterator[int]:
    """One that takes requests and never answers."""
    ended = asyncio.Event()

    async def keep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    ended.set()
    server.close()
    await server.wait_closed()


async def test_a_program_that_gets_no_further_is_ended_and_its_work_tried_again(
    silent_server: int, tmp_path: Path
) -> None:
    source = Source(location=f"http://127.0.0.1:{silent_server}/video.mp4", picture=picture())
    rung = Rung(name="stalled-86431", width=160, height=90, max_bitrate=100_000, quality=QualityClass.SD)
    with pytest.raises(MediaFailedError) as raised:
        await encode_chunk(tools(stall_seconds=0.2), source, plan=plan(), chunk=0, rungs=[rung], folder=tmp_path)
    assert raised.value.fault is MediaFault.STALLED
    assert raised.value.fault.is_temporary
    assert alive("stalled-86431") == []


async def test_a_source_that_cannot_be_reached_is_tried_again_and_its_url_is_told_to_nobody(
    tmp_path: Path,
) -> None:
    source = Source(location=f"http://127.0.0.1:{free_port()}/video.mp4?X-Amz-Signature=secret", picture=picture())
    with pytest.raises(MediaFailedError) as raised:
        await encode_chunk(tools(), source, plan=plan(), chunk=0, rungs=plan().rungs, folder=tmp_path)
    assert raised.value.fault is MediaFault.UNREACHABLE
    assert raised.value.fault.is_temporary
    assert "refused" in raised.value.complaint
    assert "secret" not in raised.value.message + raised.value.complaint


async def test_what_is_no_video_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(os.urandom(4096))
    error = await fault_of(tmp_path, "-i", "noise", "-f", "null", "-")
    assert error.fault is MediaFault.BAD_INPUT
    assert not error.fault.is_temporary
    assert "Invalid data" in error.complaint


async def test_a_file_that_grows_too_large_ends_the_program(tmp_path: Path) -> None:
    error = await fault_of(tmp_path, *SLOW[:6], "-preset", "ultrafast", "-f", "mp4", "large.mp4", file_bytes=100_000)
    assert error.fault is MediaFault.TOO_LARGE
    assert (tmp_path / "large.mp4").stat().st_size <= 100_000


async def test_memory_has_a_bound(tmp_path: Path) -> None:
    error = await fault_of(tmp_path, *SLOW, "memory.mp4", memory_bytes=60 * 1024**2)
    assert error.fault is MediaFault.OUT_OF_MEMORY


async def test_time_has_a_bound(tmp_path: Path) -> None:
    error = await fault_of(tmp_path, *SLOW, "timed-86441.mp4", seconds=1)
    assert error.fault.is_temporary
    assert alive("timed-86441") == []


async def test_a_program_that_somebody_kills_is_tried_again(tmp_path: Path) -> None:
    running = asyncio.create_task(run(tmp_path, *SLOW, "ended-86451.mp4"))
    await until(lambda: bool(_started(tmp_path)))
    for process in _started(tmp_path):
        os.kill(process, signal.SIGKILL)
    with pytest.raises(MediaFailedError) as raised:
        await running
    assert raised.value.fault is MediaFault.KILLED


def _started(folder: Path) -> list[int]:
    """Programs that work in a folder; their guards do not."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if path.joinpath("cwd").readlink() == folder and b"ffmpeg" in path.joinpath("cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return [process for process in found if b"process_guard" not in Path(f"/proc/{process}/cmdline").read_bytes()]


def _environment(process: int) -> list[bytes]:
    return Path(f"/proc/{process}/environ").read_bytes().split(b"\0")


async def test_a_program_that_is_not_there_is_not_tried_again(tmp_path: Path) -> None:
    with pytest.raises(MediaFailedError) as raised:
        await run_command(tools(), Command(arguments=["no-such-ffmpeg"]), tmp_path, limits=EncodeLimits())
    assert raised.value.fault is MediaFault.NOT_RUN


async def test_a_disk_that_is_full_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "full.mp4").symlink_to("/dev/full")
    error = await fault_of(tmp_path, *SLOW[:6], "-preset", "ultrafast", "-t", "3", "-f", "mp4", "full.mp4")
    assert error.fault is MediaFault.NO_SPACE
    assert error.fault.is_temporary


@pytest.mark.parametrize(
    ("code", "complaint", "fault"),
    [
        (137, "", MediaFault.KILLED),
        (143, "", MediaFault.KILLED),
        (152, "", MediaFault.TOO_DEMANDING),
        (153, "", MediaFault.TOO_LARGE),
        (152, "http://store/x: Connection reset by peer", MediaFault.UNREACHABLE),
        (251, "Error opening input: Server returned 403 Forbidden (access denied)", MediaFault.UNREACHABLE),
        (183, "Invalid data found when processing input", MediaFault.BAD_INPUT),
        (127, "cannot run ffmpeg", MediaFault.NOT_RUN),
    ],
)
def test_a_status_and_what_was_said_stand_for_one_kind_of_fault(code: int, complaint: str, fault: MediaFault) -> None:
    assert of_exit(code, complaint, remote=True).fault is fault


async def test_the_program_sees_nothing_of_the_workers_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    short, path = tmp_path / "short.mp4", tmp_path / "source.mp4"
    ffmpeg(*pictures(seconds=10), *H264, short)
    ffmpeg("-stream_loop", "59", "-i", short, "-c", "copy", path)
    whole, place = plan(ends=(18_000,)), tmp_path / "made"
    place.mkdir()
    source = Source(location=str(path), picture=picture())
    encoding = asyncio.create_task(encode_chunk(tools(), source, plan=whole, chunk=0, rungs=whole.rungs, folder=place))
    await until(lambda: bool(_started(place)))
    names = {line.partition(b"=")[0] for line in _environment(_started(place)[0])}
    encoding.cancel()
    await asyncio.wait({encoding})
    assert names == {b"PATH", b"HOME", b"TMPDIR", b"LANG", b""}
