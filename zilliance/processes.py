"""The one door to programs that workflows run: each behind a guard, in a folder of its own, within limits.

What a program may reach is for the operator to bound: it runs as the worker's user, or as nobody where that is root
(docs/workflows/run.md). Only Linux can promise that nothing outlives its worker, so elsewhere nothing is run.
"""

import asyncio
import ctypes
import json
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from zilliance.errors import AppError
from zilliance.unbroken import unbroken

GUARD = Path(__file__).with_name("process_guard.py")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 65_534
PR_SET_DUMPABLE = 4
GRACE_SECONDS = 2.0
LAST_SECONDS = 10.0  # a guard that takes longer to end everything is itself ended
AT_ONCE = 8
TAIL_BYTES = 4 * 1024
LONGEST_LINE = 512 * 1024
_CHUNK = 65_536


class ProcessFailedError(AppError):
    """A program that could not be run to its end."""

    status = 500
    code = "PROCESS_FAILED"


class ProcessMissingError(ProcessFailedError):
    """There is no such program here."""

    code = "PROCESS_MISSING"


class ProcessTimeoutError(ProcessFailedError):
    """It took longer than it may, and was ended."""

    status = 408
    code = "PROCESS_TIMEOUT"


class ProcessOutputError(ProcessFailedError):
    """It wrote more than is taken, and was ended."""

    status = 413
    code = "PROCESS_OUTPUT_TOO_LARGE"


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """What one program may use up; None is no bound. CPU seconds and memory are those of each of its processes."""

    seconds: float
    cpu_seconds: int | None = 300
    memory_bytes: int | None = 512 * 1024**2
    file_bytes: int | None = 256 * 1024**2
    open_files: int | None = 256
    processes: int = 64
    output_bytes: int = 256 * 1024
    niceness: int = 0
    grace_seconds: float = GRACE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run.

    Attributes:
        arguments: the program's name or path, and what it is given.
        environment: beside PATH, HOME, TMPDIR and LANG; nothing of the worker's own is handed on.
        files: what lies in its folder, which is its working directory, when it starts.
        wanted: the streams that matter, whose size is bounded; of another only the end is kept.
        trusted: a program of ours, such as a container engine's command line: it stays the worker's user.
        folder: where it works, and what it makes there is its caller's; without one it has its own, which goes with it.
        reads: files that are opened for it, as descriptors 3 and up; it needs no right to their folders.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    wanted: frozenset[str] = frozenset({"stdout", "stderr"})
    trusted: bool = False
    folder: Path | None = None
    reads: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; a code above 128 is that of a signal, as in a shell."""

    code: int
    stdout: bytes
    stderr: bytes


def conceal() -> None:
    """Keep this process's memory and environment, which hold secrets, from programs that run as the same user."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


class Conversation:
    """A program that is spoken to, and answers, in lines of JSON."""

    def __init__(self, process: Process, most: int) -> None:
        self._process = process
        self._left = most
        self._complaints = asyncio.ensure_future(_collect(process.stderr, None))

    @property
    def complaint(self) -> str:
        """The end of what it wrote to stderr, once it has ended."""
        data = self._complaints.result() if self._complaints.done() and not self._complaints.cancelled() else None
        return (data or b"").decode(errors="replace")

    async def say(self, message: Mapping[str, object]) -> None:
        await _write(self._process, json.dumps(message).encode() + b"\n")

    async def hear(self) -> str | None:
        """The next line; None when it has ended. Raises ProcessOutputError when it said too much."""
        if self._process.stdout is None:
            return None
        try:
            line = await self._process.stdout.readline()
        except ValueError as error:  # longer than the reader's own limit
            raise ProcessOutputError("the program wrote a line that is too large") from error
        self._left -= len(line)
        if self._left < 0:
            raise ProcessOutputError("the program wrote more than is taken")
        if not line:
            await asyncio.wait({self._complaints}, timeout=GRACE_SECONDS)
            return None
        return line.decode(errors="replace")

    async def ended(self) -> int:
        """Wait for its end. Returns its status."""
        return await _wait(self._process)

    def close(self) -> None:
        self._complaints.cancel()


class Processes:
    """Runs programs, only so many at the same time; one a worker process.

    Args:
        at_once: how many run at the same time; others wait for their turn, within their own time.
        path: where programs are looked for.
    """

    def __init__(self, *, at_once: int = AT_ONCE, path: str = PATH) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._path = path

    def find(self, *names: str) -> str:
        """The path of the first of these programs that is installed. Raises ProcessMissingError."""
        found = next((path for name in names if (path := shutil.which(name, path=self._path))), None)
        if found is None:
            message = f"{' or '.join(names)} is not installed where workflows run"
            raise ProcessMissingError(message)
        return found

    async def run(self, program: Program, limits: ProcessLimits) -> Ended:
        """Run a program to its end. Raises ProcessFailedError; whatever happens, nothing of it is left."""
        try:
            async with asyncio.timeout(limits.seconds), self.started(program, limits) as process:
                return await _communicate(process, program, limits)
        except TimeoutError as error:
            message = f"{_name(program)} did not end within {limits.seconds:g} s and was stopped"
            raise ProcessTimeoutError(message) from error

    @asynccontextmanager
    async def conversation(self, program: Program, limits: ProcessLimits) -> AsyncGenerator[Conversation]:
        """A program that runs for as long as the block does; the caller minds the time."""
        async with self.started(program, limits) as process:
            conversation = Conversation(process, limits.output_bytes)
            try:
                yield conversation
            finally:
                conversation.close()

    @asynccontextmanager
    async def started(self, program: Program, limits: ProcessLimits) -> AsyncGenerator[Process]:
        """A program that runs for as long as the block does, to be written to and read from by its caller."""
        if sys.platform != "linux":
            raise ProcessFailedError("programs are run on Linux alone")
        executable = self.find(program.arguments[0])
        async with self._turns:
            folder = str(program.folder or tempfile.mkdtemp(prefix="zilliance-run-"))
            _fill(folder, program.files)
            try:
                process = await _start(folder)
                try:
                    await _write(process, _order(program, limits, executable, folder))
                    yield process
                finally:
                    await unbroken(_end(process))
            finally:
                # The guard has done it, unless it was ended before it had its order.
                if program.folder is None:
                    shutil.rmtree(folder, ignore_errors=True)


async def _start(folder: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(GUARD), str(os.getpid())),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=LONGEST_LINE,
        cwd=folder,
        env={"PATH": PATH},
        start_new_session=True,
    )


def _fill(folder: str, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (Path(folder) / name).write_bytes(content)


def _order(program: Program, limits: ProcessLimits, executable: str, folder: str) -> bytes:
    home = str(Path.home()) if program.trusted else folder
    own = {"PATH": PATH, "HOME": home, "TMPDIR": folder, "LANG": "C.UTF-8"}
    order = json.dumps(
        {
            "arguments": [executable, *program.arguments[1:]],
            "environment": {**own, **program.environment},
            "folder": folder,
            "keep": program.folder is not None,
            "reads": [str(path) for path in program.reads],
            "user": os.geteuid() if program.trusted else NOBODY,
            "grace": limits.grace_seconds,
            "cpu_seconds": limits.cpu_seconds,
            "memory_bytes": limits.memory_bytes,
            "file_bytes": limits.file_bytes,
            "open_files": limits.open_files,
            "processes": limits.processes,
            "niceness": limits.niceness,
        }
    ).encode()
    return b"%08d" % len(order) + order


async def _write(process: Process, data: bytes) -> None:
    if process.stdin is not None:
        # A program need not read what it is given.
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(data)
            await process.stdin.drain()


async def _communicate(process: Process, program: Program, limits: ProcessLimits) -> Ended:
    """Feed it, read both of its streams at once, and wait for its end."""
    name = _name(program)
    async with asyncio.TaskGroup() as group:
        group.create_task(_feed(process, program.stdin))
        streams = [
            group.create_task(_collect(stream, limits.output_bytes if kind in program.wanted else None))
            for kind, stream in (("stdout", process.stdout), ("stderr", process.stderr))
        ]
        # The first stream that is too much ends the program, and with it the other stream.
        group.create_task(_stop_when_full(process, streams))
    code = await _wait(process)
    stdout, stderr = (stream.result() for stream in streams)
    if stdout is None or stderr is None:
        which = "stdout" if stdout is None else "stderr"
        message = f"{name} wrote more than {limits.output_bytes // 1024} KiB to its {which}"
        raise ProcessOutputError(message)
    return Ended(code, stdout, stderr)


async def _feed(process: Process, data: bytes) -> None:
    await _write(process, data)
    if process.stdin is not None:
        process.stdin.close()


async def _stop_when_full(process: Process, streams: Sequence[asyncio.Task[bytes | None]]) -> None:
    for ended in asyncio.as_completed(streams):
        if await ended is None:
            _signal(process, signal.SIGTERM)


async def _collect(stream: asyncio.StreamReader | None, most: int | None) -> bytes | None:
    """All of a stream, or None when it is more than `most`; with no `most`, its end."""
    data = bytearray()
    while stream is not None and (part := await stream.read(_CHUNK)):
        data += part
        if most is None:
            del data[:-TAIL_BYTES]
        elif len(data) > most:
            return None
    return bytes(data)


async def _end(process: Process) -> None:
    """Have the guard end everything, and wait for it."""
    _signal(process, signal.SIGTERM)
    waiting = asyncio.ensure_future(_wait(process))
    if not (await asyncio.wait({waiting}, timeout=LAST_SECONDS))[0]:
        _signal(process, signal.SIGKILL)
    await waiting


async def _wait(process: Process) -> int:
    """Wait for its end. What it still says is read and dropped: before its pipes are empty, asyncio does not tell."""
    drains = [asyncio.ensure_future(_collect(stream, None)) for stream in (process.stdout, process.stderr)]
    try:
        return await process.wait()
    finally:
        for drain in drains:
            drain.cancel()


def _signal(process: Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(number)


def _name(program: Program) -> str:
    return Path(program.arguments[0]).name
