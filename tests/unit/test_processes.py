"""Programs behind their guard: what they are given, what bounds them, and that nothing of them is left."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.folders import open_to_all
from tests.unit.living import alive
from tests.waiting import until
from zilliance.processes import (
    Ended,
    Processes,
    ProcessFailedError,
    ProcessLimits,
    ProcessMissingError,
    ProcessOutputError,
    ProcessTimeoutError,
    Program,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs are run on Linux alone")


async def run(*arguments: str, seconds: float = 30, **fields: object) -> Ended:
    limits = {name: fields.pop(name) for name in tuple(fields) if name in ProcessLimits.__dataclass_fields__}
    program = Program(arguments=arguments, **fields)  # pyright: ignore[reportArgumentType]
    return await Processes().run(program, ProcessLimits(seconds=seconds, **limits))  # pyright: ignore[reportArgumentType]


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("zilliance-run-*"))


async def test_a_program_gets_its_input_its_files_and_a_clean_environment() -> None:
    ended = await run(
        "sh", "-c", "cat; cat note; env; pwd", stdin=b"in ", files={"note": b"file\n"}, environment={"OWN": "1"}
    )
    text = ended.stdout.decode()
    assert text.startswith("in file\n")
    names = {line.partition("=")[0] for line in text.splitlines() if "=" in line}
    assert names == {"PATH", "HOME", "TMPDIR", "LANG", "OWN", "PWD"}
    folder = text.splitlines()[-1]
    assert f"HOME={folder}" in text
    assert Path(folder) not in folders()


async def test_a_status_and_both_streams_come_back() -> None:
    ended = await run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert ended == Ended(7, b"out\n", b"err\n")


async def test_a_program_that_a_signal_ends_has_the_status_that_a_shell_would_say() -> None:
    assert (await run("sh", "-c", "kill -KILL $$")).code == 128 + signal.SIGKILL


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this Linux does not share by session")
async def test_a_program_is_nice_to_other_sessions_too() -> None:
    ended = await run("cat", "/proc/self/autogroup", niceness=7)
    assert ended.stdout.decode().strip().endswith("nice 7")


async def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ProcessMissingError, match="no-such-program"):
        await run("no-such-program")


async def test_a_program_that_takes_too_long_is_stopped_with_all_that_it_started() -> None:
    with pytest.raises(ProcessTimeoutError):
        await run("sh", "-c", "trap '' TERM; sleep 86311 & setsid sleep 86312 & wait", seconds=1)
    assert alive("sleep\x008631") == []


async def test_a_daemon_that_a_program_leaves_behind_is_ended_with_it() -> None:
    ended = await run("sh", "-c", "setsid sh -c 'setsid sleep 86321 & sleep 86322' & echo started")
    assert ended.stdout == b"started\n"
    assert alive("sleep\x008632") == []


async def test_a_cancelled_program_is_ended_before_the_cancellation_goes_on() -> None:
    task = asyncio.create_task(run("sh", "-c", "sleep 86331"))
    await until(lambda: bool(alive("sleep\x0086331")))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive("86331") == []


async def test_a_program_that_takes_its_time_to_end_is_waited_for_however_often_it_is_cancelled() -> None:
    task = asyncio.create_task(run("sh", "-c", "trap '' TERM; sleep 86341 & wait"))
    await until(lambda: bool(alive("sleep\x0086341")))
    while not task.done():
        task.cancel()
        await asyncio.sleep(0.05)
    assert alive("86341") == []
    assert task.cancelled()


async def test_a_program_that_is_cancelled_while_it_starts_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    place = tempfile.mkdtemp()
    os.chmod(place, 0o755)  # noqa: PTH101, S103  of this test alone
    monkeypatch.setattr(tempfile, "tempdir", place)  # where no other program of this machine has its folder
    for hurry in range(8):
        task = asyncio.create_task(run("sleep", "86381"))
        await asyncio.sleep(hurry / 50)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert alive("86381") == []
    assert os.listdir(place) == []  # noqa: PTH208


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file that even nobody may write."""
    open_to_all(tmp_path)
    tmp_path.chmod(0o777)
    return tmp_path / "note"


async def test_a_program_may_end_in_good_order_when_it_is_asked_to_stop(
    note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zilliance.processes.LAST_SECONDS", 120.0)
    code = f"trap 'echo bye > {note}; exit' TERM; echo ready > {note}; sleep 86341 & wait"
    task = asyncio.create_task(run("sh", "-c", code, grace_seconds=60))
    await until(lambda: note.exists() and note.read_text() == "ready\n")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert note.read_text() == "bye\n"  # noqa: ASYNC240


async def test_output_that_is_too_much_ends_the_program() -> None:
    with pytest.raises(ProcessOutputError, match="stdout"):
        await run("sh", "-c", "yes", output_bytes=10_000)
    with pytest.raises(ProcessOutputError, match="stderr"):
        await run("sh", "-c", "yes >&2", output_bytes=10_000)


async def test_of_a_stream_that_nobody_wants_the_end_is_kept() -> None:
    ended = await run(
        "sh", "-c", "yes | head -c 100000 >&2; echo last >&2; echo out", output_bytes=1000, wanted=frozenset({"stdout"})
    )
    assert ended.stdout == b"out\n"
    assert ended.stderr.endswith(b"y\nlast\n")
    assert len(ended.stderr) <= 4096


async def test_a_program_need_not_read_its_input() -> None:
    assert (await run("sh", "-c", "exec 0<&-; echo ok", stdin=b"x" * 400_000)).stdout == b"ok\n"


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("x = b'x' * (400 << 20)", {"memory_bytes": 100 << 20}),
        ("open('big', 'wb').write(b'x' * (2 << 20))", {"file_bytes": 1 << 20}),
        ("while True: pass", {"cpu_seconds": 1}),
        ("keep = [open('/dev/null') for _ in range(100)]", {"open_files": 32}),
    ],
)
async def test_a_limit_ends_the_program(code: str, limit: dict[str, int]) -> None:
    assert (await run("python3", "-I", "-S", "-c", code, **limit)).code != 0


async def test_a_fork_bomb_stays_small_and_is_over_with_its_program() -> None:
    bomb = "import os, time\nfor _ in range(500):\n  if os.fork() == 0: time.sleep(86351)\ntime.sleep(86352)"
    try:
        assert (await run("python3", "-I", "-S", "-c", bomb, processes=20, seconds=20)).code != 0
    except ProcessFailedError as error:
        pytest.fail(f"it went on: {error}")
    assert alive("time.sleep(8635") == []


async def test_only_so_many_programs_run_at_the_same_time() -> None:
    processes = Processes(at_once=1)
    first = asyncio.create_task(processes.run(Program(arguments=["sleep", "86361"]), ProcessLimits(seconds=30)))
    await until(lambda: bool(alive("86361")))
    with pytest.raises(ProcessTimeoutError):
        await processes.run(Program(arguments=["true"]), ProcessLimits(seconds=0.5))
    first.cancel()
    await asyncio.wait({first})
    assert (await processes.run(Program(arguments=["true"]), ProcessLimits(seconds=30))).code == 0


async def test_a_program_reads_what_is_opened_for_it_and_leaves_what_it_makes_in_its_callers_folder(
    tmp_path: Path,
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
        (tmp_path / name).chmod(0o600)
    folder = tmp_path / "made"
    folder.mkdir()
    reads = [tmp_path / "one", tmp_path / "two"]
    ended = await run("sh", "-c", "cat <&3; cat <&4 >copy; nice", reads=reads, folder=folder, niceness=3)
    assert ended == Ended(0, f"one{os.nice(0) + 3}\n".encode(), b"")
    assert (folder / "copy").read_text() == "two"


async def test_a_file_that_is_not_there_to_be_read_is_named(tmp_path: Path) -> None:
    ended = await run("true", reads=[tmp_path / "nothing"])
    assert ended.code == 127
    assert b"nothing" in ended.stderr


async def test_a_link_that_a_program_left_does_not_hand_its_target_to_the_next(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "made"
    secret.write_text("secret")
    folder.mkdir()
    owner = secret.stat().st_uid
    await run("ln", "-s", str(secret), "link", folder=folder)
    await run("true", folder=folder)
    assert secret.stat().st_uid == owner


async def test_a_conversation_ends_with_a_status() -> None:
    program = Program(arguments=["sh", "-c", "echo one; echo two; echo why >&2; exit 3"])
    async with Processes().conversation(program, ProcessLimits(seconds=30)) as talk:
        assert [await talk.hear(), await talk.hear(), await talk.hear()] == ["one\n", "two\n", None]
        assert await talk.ended() == 3
        assert talk.complaint == "why\n"


WORKER = """
import asyncio, sys
from pathlib import Path
from zilliance.processes import Processes, ProcessLimits, Program

folder = Path(sys.argv[1]) if sys.argv[1:] else None
asyncio.run(Processes().run(
    Program(arguments=["sh", "-c", "setsid sleep 86371 & sleep 86372; pwd"], folder=folder), ProcessLimits(seconds=600)
))
"""


@pytest.fixture(params=["its own folder", "its caller's folder"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs a program, as a worker does."""
    folder = [tmp_path / "zilliance-run-kept"] if request.param == "its caller's folder" else []
    for each in folder:
        each.mkdir()
    tmp_path.chmod(0o755)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # where no other worker of this machine has left a folder
    process = subprocess.Popen([sys.executable, "-c", WORKER, *map(str, folder)], env=environment)
    yield process
    process.kill()
    process.wait()


async def test_nothing_survives_a_worker_that_is_killed(worker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    await until(lambda: len(alive("sleep\x008637")) == 2)
    (theirs,) = tmp_path.iterdir()  # noqa: ASYNC240
    os.kill(worker.pid, signal.SIGKILL)
    await until(lambda: not alive("sleep\x008637"))
    await until(lambda: not theirs.exists())
