"""One supervised process: started, waited for, started again when it dies, and stopped."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable
from pathlib import Path

from zilliance.devstack.errors import StackError
from zilliance.devstack.launcher_command import become
from zilliance.devstack.part import NotReadyError, Part

START_SECONDS = 240.0  # as slow as a machine may be; who dies at once is told of at once
POLL_SECONDS = 0.05
FIRST_DELAY, LONGEST_DELAY = 0.2, 10.0
STABLE_SECONDS = 10.0  # whoever lived longer starts again at the first delay
START_TRIES = 3
LOG_BYTES = 20 * 1024 * 1024
TAIL_LINES = 8


class Child:
    """The process of one part over all its lives.

    Args:
        part: what to run.
        log: where its output goes.
        report: takes a line for the person at the terminal.
        on_start: called after every start, when `pid` has changed.
    """

    def __init__(self, part: Part, log: Path, *, report: Callable[[str], None], on_start: Callable[[], None]) -> None:
        self.part = part
        self.log = log
        self.starts = 0
        self.started = asyncio.Event()  # once and for all: its first check succeeded and its `finish` is done
        self.ready = asyncio.Event()
        self._report = report
        self._on_start = on_start
        self._process: Process | None = None
        self._life: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._doubt = "it was not asked yet"

    @property
    def pid(self) -> int | None:
        """Its process id now, None between two lives."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it works. Raises StackError with the end of its log when it does not."""
        self._stopping.clear()
        began = time.monotonic()
        if self.part.runs_once:
            await self._run_once()
        else:
            self._life = asyncio.create_task(self._live())
            self._life.add_done_callback(self._report_giving_up)
            await self._first_ready(self._life)
        await self.part.finish()
        self.started.set()
        self._say(f"ready in {time.monotonic() - began:.1f} s", self.part.where)

    async def stop(self) -> None:
        """Ask it to stop, kill it when it takes longer than its grace, and wait for its end."""
        self._stopping.set()
        self._signal(self.part.stop_signal)
        end = self._life or asyncio.ensure_future(self._wait())
        done, _ = await asyncio.wait({end}, timeout=self.part.grace)
        if not done:
            self.kill_group()
        with contextlib.suppress(StackError):
            await end
        self._life = None

    async def send(self, number: signal.Signals) -> None:
        """Send a signal as a fault would; after SIGKILL, return when the death has been noticed."""
        self._ended.clear()
        self._signal(number)
        if number is signal.SIGKILL:
            await self._ended.wait()

    def kill_group(self) -> None:
        """End it and whatever it started, at once."""
        if self._process is not None:
            _kill_group(self._process.pid)

    def trim_log(self) -> None:
        """Keep the log within bounds while it is written: every writer appends, so it may be cut at any time."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    async def _first_ready(self, life: asyncio.Task[None]) -> None:
        waiting = asyncio.create_task(self.ready.wait())
        try:
            done, _ = await asyncio.wait({waiting, life}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if life in done:
            await life
        if waiting not in done:
            message = (
                f"{self.part.name} did not answer within {START_SECONDS:.0f} s ({self._doubt}); {self._log_tail()}"
            )
            raise StackError(message)

    async def _live(self) -> None:
        """Start it as often as it dies, until it is asked to stop."""
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self._one_life()
            if self._stopping.is_set():
                return
            if not self.started.is_set() and self.starts >= START_TRIES:
                message = f"{self.part.name} {describe(status)} before it was ready; {self._log_tail()}"
                raise StackError(message)
            delay = FIRST_DELAY if time.monotonic() - began > STABLE_SECONDS else delay
            self._say(f"{describe(status)}; starting it again in {delay:.1f} s", "")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            delay = min(2 * delay, LONGEST_DELAY)

    async def _one_life(self) -> int:
        process = await self._spawn()
        asking = asyncio.create_task(self._ask())
        if self._stopping.is_set():  # it was asked to stop while it was being made
            self._signal(self.part.stop_signal)
        try:
            return await process.wait()
        finally:
            asking.cancel()
            self.ready.clear()
            self._ended.set()
            # Its own children must not keep its port or its files.
            _kill_group(process.pid)
            self.part.tidy()

    async def _ask(self) -> None:
        """Poll its health check until it succeeds."""
        began, again = time.monotonic(), self.starts > 1
        while True:
            try:
                await self.part.check()
            except NotReadyError as doubt:
                self._doubt = str(doubt)
                await asyncio.sleep(POLL_SECONDS)
                continue
            self.ready.set()
            if again:
                self._say(f"back after {time.monotonic() - began:.1f} s", self.part.where)
            return

    async def _run_once(self) -> None:
        process = await self._spawn()
        status = await process.wait()
        if status != 0 and not self._stopping.is_set():
            message = f"{self.part.name} {describe(status)}; {self._log_tail()}"
            raise StackError(message)
        self.ready.set()

    async def _spawn(self) -> Process:
        await self.part.prepare()
        self.trim_log()
        command = become(self.part.command, self.part.user, death_signal=self.part.stop_signal)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                env=dict(self.part.environment),
                cwd=self.part.folder,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,  # a Ctrl-C at the terminal is for the supervisor alone, which stops in order
            )
        self.starts += 1
        self._on_start()
        return self._process

    async def _wait(self) -> None:
        if self._process is not None:
            await self._process.wait()

    def _report_giving_up(self, life: asyncio.Task[None]) -> None:
        """Say why a part that had worked is not started again; at its first start the caller says it."""
        if not life.cancelled() and life.exception() is not None and self.started.is_set():
            self._report(f"{self.part.name} stays down: {life.exception()}")

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is None:
            return
        # It may have ended a moment ago, and nobody has noticed yet.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _say(self, what: str, where: str) -> None:
        self._report(f"{self.part.name:<9} {what:<18} {where}".rstrip())

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        end = "\n    ".join(lines[-TAIL_LINES:])
        return f"see {self.log}, which ends with:\n    {end}" if end else f"{self.log} is empty"


def describe(status: int) -> str:
    """How a process ended, in words."""
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
