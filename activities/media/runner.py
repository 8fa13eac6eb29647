"""Runs ffmpeg behind the guard of all programs: within limits, watched while it works, ended with all that is below it.

Another attempt is the workflow's to make: a failure says here only whether that can help (`MediaFault.is_temporary`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from activities.media.commands.command import Command
from activities.media.faults import MediaFailedError, MediaFault, broke_off, of_exit
from activities.media.tools import MediaTools
from zilliance.processes import (
    Conversation,
    ProcessFailedError,
    ProcessLimits,
    ProcessMissingError,
    ProcessTimeoutError,
    Program,
)

NICENESS = 10
BEFORE_THE_FIRST = 10  # times as long as later: a decoder may have a long way from the last keyframe
GRACE_SECONDS = 0.5  # an encoder that is told to stop first writes what nobody wants, for up to ten seconds
GIBIBYTE = 1024**3
MOST_SAID = 64 * 1024**2  # bytes of progress: a day of it
# The kernel counts those of all programs of the same user: other encoders, which start later, among them.
THREADS = 512


@dataclass(frozen=True, kw_only=True)
class EncodeLimits:
    """What one command may use up.

    Attributes:
        seconds: that it may take, and that each of its processes may compute.
        file_bytes: of each file that it writes.
    """

    seconds: int = 3600
    file_bytes: int = 8 * GIBIBYTE
    memory_bytes: int = 6 * GIBIBYTE


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a command has come.

    Attributes:
        frames: pictures that its first output has.
        seconds: on the clock of its output.
        size: bytes written.
    """

    frames: int
    seconds: float
    size: int


Watcher = Callable[[Progress], None]


async def run_command(
    tools: MediaTools,
    command: Command,
    folder: Path,
    *,
    limits: EncodeLimits,
    watch: Watcher | None = None,
    patient: bool = False,
) -> str:
    """Run a command to its end in a folder of the caller's. Returns the end of what it wrote to stderr.

    A `patient` one may long have nothing to show, since it passes over what was not asked for. Raises MediaFailedError.
    Whatever happens, nothing of it still runs.
    """
    program = Program(arguments=command.arguments, folder=folder, reads=command.reads)
    try:
        async with asyncio.timeout(limits.seconds), tools.processes.conversation(program, _within(limits)) as talk:
            await _follow(talk, watch, limits.seconds if patient else tools.stall_seconds)
            code, complaint = await talk.ended(), talk.complaint
    except TimeoutError as error:
        message = f"ffmpeg did not end within {limits.seconds} s and was stopped"
        raise MediaFailedError(MediaFault.STALLED, message) from error
    except ProcessFailedError as error:
        raise _of_process(error) from error
    if code != 0:
        raise of_exit(code, complaint, remote=command.is_remote)
    if command.is_remote and (failure := broke_off(complaint)) is not None:
        raise failure
    return complaint


def _within(limits: EncodeLimits) -> ProcessLimits:
    return ProcessLimits(
        seconds=limits.seconds,
        cpu_seconds=limits.seconds,
        memory_bytes=limits.memory_bytes,
        file_bytes=limits.file_bytes,
        processes=THREADS,
        output_bytes=MOST_SAID,
        niceness=NICENESS,
        grace_seconds=GRACE_SECONDS,
    )


async def _follow(talk: Conversation, watch: Watcher | None, stall: float) -> None:
    """Read its progress to the end. Raises ProcessTimeoutError when it gets no further."""
    loop, block, last = asyncio.get_running_loop(), dict[str, str](), Progress(0, 0.0, 0)
    due = loop.time() + stall * BEFORE_THE_FIRST
    while True:
        try:
            async with asyncio.timeout_at(due):
                line = await talk.hear()
        except TimeoutError as error:
            raise ProcessTimeoutError(f"ffmpeg got no further for {stall:g} s and was stopped") from error
        if line is None:
            return
        name, _, value = line.partition("=")
        block[name] = value.strip()
        if name == "progress":
            now = _progress(block)
            if watch:
                watch(now)
            if now != last:
                last, due = now, loop.time() + stall


def _progress(block: Mapping[str, str]) -> Progress:
    return Progress(_number(block, "frame"), _number(block, "out_time_us") / 1e6, _number(block, "total_size"))


def _number(block: Mapping[str, str], name: str) -> int:
    value = block.get(name, "")
    return int(value) if value.lstrip("-").isdigit() else 0  # `N/A` at the beginning


def _of_process(error: ProcessFailedError) -> MediaFailedError:
    if isinstance(error, ProcessTimeoutError):
        return MediaFailedError(MediaFault.STALLED, error.message)
    if isinstance(error, ProcessMissingError):
        return MediaFailedError(MediaFault.NOT_RUN, error.message)
    return MediaFailedError(MediaFault.KILLED, error.message)
