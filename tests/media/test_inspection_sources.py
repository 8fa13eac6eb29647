"""Where an inspection reads: a file, or an object of our own store; and that nothing else can be reached from it."""

import asyncio
import ctypes
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from activities.media.inspection import MODULE, inspect
from activities.media.source_limits import SourceLimits
from activities.media.tools import MediaTools
from tests.media.conftest import Canary
from tests.media.making import Kitchen
from tests.media.range_server import RangeServer, answer
from tests.unit.living import alive
from workflows.contracts.video import SourceReport
from workflows.video.refusals import Refusal, UnusableVideoError
from zilliance.errors import InvalidInputError, UnavailableError
from zilliance.settings import VideoSettings

CHILD = "\0".join([sys.executable, "-I", "-m", MODULE])
NOBODY = 65_534


def inspect_url(tools: MediaTools, server: RangeServer, target: str) -> "asyncio.Task[SourceReport]":
    return asyncio.ensure_future(inspect(tools, f"{server.url}/{target}", SourceLimits(store=server.url)))


@pytest.mark.parametrize("name", ["plain.mp4", "faststart.mp4", "vp9.webm", "plain.ts", "sound.mp3"])
async def test_an_object_of_the_store_is_reported_as_the_same_file_is(
    name: str, tools: MediaTools, kitchen: Kitchen
) -> None:
    path = kitchen.path(name)
    async with RangeServer.listening(source=path) as server:
        remote = await inspect_url(tools, server, "source?X-Amz-Signature=0f")
        assert remote == await inspect(tools, str(path), SourceLimits())
        assert server.hosts == {server.url.removeprefix("http://")}
        assert server.connections == 1


async def test_only_the_parts_of_a_large_object_that_matter_are_read(
    tools: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    data = kitchen.bytes_of("plain.mp4")
    at = data.index(b"moov") - 4
    padding = (200 * 1024 * 1024).to_bytes(4) + b"free"
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:  # its index is at the end, behind 200 MiB of nothing
        file.write(data[:at] + padding)
        file.seek(200 * 1024 * 1024 - 8, os.SEEK_CUR)
        file.write(data[at:])
    async with RangeServer.listening(source=large) as server:
        report = await inspect(tools, f"{server.url}/source?s=1", SourceLimits(store=server.url))
        assert report.size == large.stat().st_size
        assert report.duration == 2.0
        assert server.sent < 4 * 1024 * 1024


async def test_fragments_of_a_long_object_are_found_by_a_little_of_each(
    tools: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    """What browsers record says nowhere where its fragments are."""
    data = kitchen.bytes_of("fragmented.mp4")
    cuts = [found.start() - 4 for found in re.finditer(b"moof|mfra", data)]
    padding = (8 * 1024 * 1024).to_bytes(4) + b"free"
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.write(data[: cuts[0]])
        for begin, end in pairwise(cuts):
            for _ in range(20):
                file.write(padding)
                file.seek(8 * 1024 * 1024 - 8, os.SEEK_CUR)
            file.write(data[begin:end])
    async with RangeServer.listening(source=large) as server:
        report = await inspect(tools, f"{server.url}/source?s=1", SourceLimits(store=server.url))
        assert report.size > 300 * 1024 * 1024
        assert server.sent < report.size / 30
    assert report.needs_remux
    assert report.picture is not None


async def test_a_playlist_in_the_store_calls_nobody(tools: MediaTools, kitchen: Kitchen, canary: Canary) -> None:
    async with RangeServer.listening(source=kitchen.path("playlist.m3u8")) as server:
        with pytest.raises(UnusableVideoError) as refused:
            await inspect_url(tools, server, "source.m3u8?s=1")
        assert refused.value.code == Refusal.DISGUISED_PLAYLIST
        assert len(server.ranges) == 1
    assert canary.calls == 0


async def test_an_empty_object_is_refused_as_an_empty_file_is(tools: MediaTools, kitchen: Kitchen) -> None:
    async with RangeServer.listening(source=kitchen.path("zero.mp4")) as server:
        with pytest.raises(UnusableVideoError) as refused:
            await inspect_url(tools, server, "source?s=1")
        assert refused.value.code == Refusal.EMPTY_FILE


async def test_a_store_that_hangs_up_is_asked_again(tools: MediaTools, kitchen: Kitchen) -> None:
    async with RangeServer.listening(source=kitchen.path("plain.mp4")) as server:
        server.drops = 2
        await inspect_url(tools, server, "source?s=1")
        assert server.connections == 3


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "503 Slow Down", "200 OK"])
async def test_a_store_that_does_not_give_the_object_says_nothing_about_the_video(
    status: str, tools: MediaTools
) -> None:
    async with RangeServer.listening() as server:
        server.answers["/source?s=1"] = answer(status, body=b"<Error/>")
        with pytest.raises(UnavailableError, match=status[:3]):
            await inspect_url(tools, server, "source?s=1")


async def test_a_redirect_is_not_followed(tools: MediaTools, canary: Canary) -> None:
    async with RangeServer.listening() as server:
        server.answers["/source?s=1"] = answer("302 Found", f"Location: {canary.address}/x")
        with pytest.raises(UnavailableError, match="302"):
            await inspect_url(tools, server, "source?s=1")
    assert canary.calls == 0


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/x",
        "https://store.example:8333/x",
        "http://store.example:8333@127.0.0.1/x",
        "file:///etc/hostname",
        "relative.mp4",
        "concat:/etc/hostname",
        "",
    ],
)
async def test_no_other_host_and_no_other_protocol_is_read(location: str, tools: MediaTools) -> None:
    with pytest.raises(InvalidInputError, match="own S3 store"):
        await inspect(tools, location, SourceLimits(store="http://store.example:8333"))


async def test_a_link_and_what_is_no_file_are_not_read(tools: MediaTools, kitchen: Kitchen, tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(kitchen.path("plain.mp4"))
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("link.mp4", "pipe.mp4", "missing.mp4"):
        with pytest.raises(UnavailableError, match="local copy"):
            await inspect(tools, str(tmp_path / name), SourceLimits())


async def test_a_file_that_only_the_worker_may_read_is_read(
    tools: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir(mode=0o700)
    (own / "source").write_bytes(kitchen.bytes_of("plain.mp4"))
    (own / "source").chmod(0o600)
    assert (await inspect(tools, str(own / "source"), SourceLimits())).duration == 2.0


async def test_limits_are_the_operators(tools: MediaTools, kitchen: Kitchen) -> None:
    tight = VideoSettings(max_seconds=1, max_side=100, max_source_bytes=1000, max_streams=2, max_sounds=1)
    limits = SourceLimits.of(tight, store="")
    codes = {
        Refusal.TOO_LONG: replace(limits, max_side=8192, max_bytes=10**9),
        Refusal.PICTURE_TOO_LARGE: replace(limits, max_seconds=10, max_bytes=10**9),
        Refusal.TOO_LARGE: limits,
    }
    for code, given in codes.items():
        with pytest.raises(UnusableVideoError) as refused:
            await inspect(tools, str(kitchen.path("plain.mp4")), given)
        assert refused.value.code == code
    with pytest.raises(UnusableVideoError) as refused:
        await inspect(tools, str(kitchen.path("languages.mkv")), limits)
    assert refused.value.code == Refusal.TOO_MANY_STREAMS


async def test_what_uses_up_its_time_is_refused_for_good(
    tools: MediaTools, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.media.inspection.MODULE", "tests.media.spinning")
    with pytest.raises(UnusableVideoError) as refused:
        await inspect(tools, str(kitchen.path("plain.mp4")), SourceLimits())
    assert refused.value.code == Refusal.TOO_EXPENSIVE


async def test_a_cancelled_inspection_leaves_no_process(tools: MediaTools, kitchen: Kitchen) -> None:
    path = str(kitchen.path("plain.mp4"))
    inspecting = asyncio.ensure_future(inspect(tools, path, SourceLimits()))
    while not alive(CHILD):  # a process that starts sends no event
        if inspecting.done():  # before its process was seen
            inspecting.result()
            inspecting = asyncio.ensure_future(inspect(tools, path, SourceLimits()))
        await asyncio.sleep(0.01)
    inspecting.cancel()
    with suppress(asyncio.CancelledError):
        await inspecting
    assert alive(CHILD) == []


CONFINED = """
import os, socket, sys
from activities.media.probe.confinement import give_up_rights
allowed, other = int(sys.argv[1]), int(sys.argv[2])
socket.getaddrinfo("127.0.0.1", 1)  # loads what names are encoded by
give_up_rights(65534, allowed, cpu_seconds=10)
def tried(what):
    try: what()
    except OSError as error: return type(error).__name__
    return "done"
print(os.geteuid(), tried(lambda: open("/etc/hostname")), tried(lambda: open("/tmp/zilliance-written", "w")),
      tried(lambda: os.listdir("/")), tried(lambda: socket.create_connection(("127.0.0.1", allowed))),
      tried(lambda: socket.create_connection(("127.0.0.1", other))))
"""


async def test_the_child_can_open_no_file_and_call_nobody_but_the_store(canary: Canary) -> None:
    if landlock_version() < 4:
        pytest.skip("this kernel's Landlock does not know of connections")
    async with RangeServer.listening() as server:
        ports = [url.rpartition(":")[2] for url in (server.url, canary.address)]
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", CONFINED, *ports), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await child.communicate()
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    denied = "PermissionError"
    assert said.decode().split() == [str(user), denied, denied, denied, "done", denied]
    assert canary.calls == 0


def landlock_version() -> int:
    return ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)


async def test_the_child_dies_with_its_guard() -> None:
    """Even where the guard itself is killed, which would end it otherwise."""
    child = (
        "import signal, time\nfrom activities.media.probe.confinement import give_up_rights\n"
        "give_up_rights(65534, None, cpu_seconds=10)\nprint('ready', flush=True)\ntime.sleep(600)"
    )
    parent = (
        f"import subprocess, sys, time\np = subprocess.Popen([sys.executable, '-I', '-c', {child!r}], "
        "stdout=subprocess.PIPE)\np.stdout.readline()\nprint(p.pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as guard:  # noqa: ASYNC220
        assert guard.stdout is not None
        left = int(await asyncio.to_thread(guard.stdout.readline))
        guard.send_signal(signal.SIGKILL)
    while _lives(left):  # noqa: ASYNC110  a process that ends sends no event to others than its parent
        await asyncio.sleep(0.01)


def _lives(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False
