"""Sound: brought to one loudness by one gain for the whole of it, encoded once, handed over while it is encoded."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from activities.media.boxes import BrokenFileError
from activities.media.commands.sound import loudness_command, sound_command
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.pieces import PieceCutter
from activities.media.runner import GIBIBYTE, EncodeLimits, Progress, run_command
from activities.media.tools import EncodedFile, MediaTools, Report, Source, ignore

TARGET_LUFS = -16.0
MOST_GAIN = 20.0  # decibels, either way
SILENCE_LUFS = -69.0  # the measure ends at -70

_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+|-inf|nan) LUFS$", re.MULTILINE)
# A gap is held as silence, all of it at once: so much is the most that ffmpeg can hold, forty minutes and more.
_LIMITS = EncodeLimits(seconds=6 * 3600, memory_bytes=4 * GIBIBYTE)
_OUT_OF_STEP = "Failed to compensate"
# Of sound all around (ambisonics), the first channel is what is heard from everywhere.
_NO_STEREO = re.compile(r"nput channel layout '.*' is not supported")


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """How loud a stream is. `integrated` is in LUFS; -70 where there is nothing to be heard.

    With `first_only` it was measured of its first channel, which is all that can be made stereo.
    """

    integrated: float
    first_only: bool = False

    @property
    def gain(self) -> float:
        """Decibels that bring it to the target; what is silent stays so."""
        if self.integrated <= SILENCE_LUFS:
            return 0.0
        return round(max(-MOST_GAIN, min(MOST_GAIN, TARGET_LUFS - self.integrated)), 2)


async def measure_loudness(tools: MediaTools, source: Source, index: int, folder: Path) -> Loudness:
    """Listen to the stream with this index: to all of it where it is short. Raises MediaFailedError."""
    try:
        return await _measure(tools, source, index, folder, first_only=False)
    except MediaFailedError as error:
        if not _NO_STEREO.search(error.complaint):
            raise
        return await _measure(tools, source, index, folder, first_only=True)


async def _measure(tools: MediaTools, source: Source, index: int, folder: Path, *, first_only: bool) -> Loudness:
    command = loudness_command(tools.ffmpeg, source, index, first_only=first_only)
    said = await run_command(tools, command, folder, limits=_LIMITS)
    found = _INTEGRATED.findall(said.rpartition("Summary:")[2])
    if not found:
        raise MediaFailedError(MediaFault.BAD_INPUT, "the loudness of the sound cannot be measured", said)
    integrated = -70.0 if found[-1] in {"-inf", "nan"} else float(found[-1])
    return Loudness(integrated=integrated, first_only=first_only)


async def encode_sound(
    tools: MediaTools,
    source: Source,
    *,
    index: int,
    track: str,
    gain: float,
    first_only: bool = False,
    folder: Path,
    report: Report = ignore,
) -> AsyncGenerator[EncodedFile]:
    """Encode the stream with this index, from beginning to end; yields its pieces in order, each when it is finished.

    The first is a few seconds long, the others a minute. None at all where nothing of it can be decoded. Pieces may be
    deleted as they are taken. To close the generator early ends the program. Raises MediaFailedError.

    `track` is its name, such as `audio-1`; `gain` in decibels, and `first_only`, as the source was measured; `folder`
    an empty one, which the program is given.
    """
    grown = folder / f"{track}.mp4"
    cutter, news = PieceCutter(grown, track), asyncio.Event()

    def watch(now: Progress) -> None:
        report(min(1.0, max(0.0, now.seconds - 1) / source.duration) if source.duration else 0.0)
        news.set()

    command = sound_command(tools.ffmpeg, source, index, gain, grown.name, first_only=first_only)
    encoding = asyncio.ensure_future(run_command(tools, command, folder, limits=_LIMITS, watch=watch))
    encoding.add_done_callback(lambda _: news.set())
    try:
        while not encoding.done():
            await news.wait()
            news.clear()
            for piece in await _cut(cutter, ended=False):
                yield piece
        said = await encoding
        if _OUT_OF_STEP in said:
            raise MediaFailedError(MediaFault.BAD_INPUT, "a gap in the sound is too long to be filled", said)
        for piece in await _cut(cutter, ended=True):
            yield piece
    finally:
        encoding.cancel()
        with suppress(asyncio.CancelledError, MediaFailedError):
            await encoding


async def _cut(cutter: PieceCutter, *, ended: bool) -> list[EncodedFile]:
    try:
        return await asyncio.to_thread(cutter.cut, ended=ended)
    except (OSError, BrokenFileError) as error:
        raise MediaFailedError(MediaFault.KILLED, f"what was encoded cannot be read: {error}") from error
