"""The picture that stands for a video: from within it, and not a black one."""

import asyncio
import statistics
from pathlib import Path

from activities.media.boxes import open_made
from activities.media.commands.stills import SAMPLE_HEIGHT, SAMPLE_WIDTH, poster_command
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.runner import EncodeLimits, run_command
from activities.media.tools import MediaTools, Source
from workflows.contracts.video import VideoPlan

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.0)  # of the duration, the best first; at the beginning there is always something
ENOUGH_CONTRAST = 20.0  # the standard deviation of its luma: what is nearly one colour has less
_LIMITS = EncodeLimits(seconds=300, file_bytes=64 * 1024**2)


async def take_poster(tools: MediaTools, source: Source, *, plan: VideoPlan, folder: Path) -> Path:
    """A JPEG of at most 1280 pixels a side, in `folder`, an empty one which the program is given.

    Raises MediaFailedError.
    """
    if source.picture is None:
        raise MediaFailedError(MediaFault.BAD_INPUT, "the source has no pictures")
    contrasts: dict[Path, float] = {}
    for number, position in enumerate(POSITIONS):
        name = f"poster-{number}"
        command = poster_command(tools.ffmpeg, source, source.picture, plan, position=position, name=name)
        try:
            await run_command(tools, command, folder, limits=_LIMITS)
            contrast = await asyncio.to_thread(_contrast, folder / name)
        except MediaFailedError as error:
            if error.fault.is_temporary:
                raise
            continue  # the source ends before
        if contrast >= ENOUGH_CONTRAST:
            return folder / f"{name}.jpg"
        contrasts[folder / f"{name}.jpg"] = contrast
    if not contrasts:
        raise MediaFailedError(MediaFault.BAD_INPUT, "no picture of the source can be decoded")
    return max(contrasts, key=contrasts.__getitem__)


def _contrast(path: Path) -> float:
    """How much the brightness of a picture varies over it."""
    try:
        with open_made(path.with_suffix(".gray")) as sample, open_made(path.with_suffix(".jpg")):
            luma = sample.read(SAMPLE_WIDTH * SAMPLE_HEIGHT)
    except OSError as error:
        raise MediaFailedError(MediaFault.BAD_INPUT, f"no picture was made: {error.strerror}") from error
    return statistics.pstdev(luma) if luma else 0.0
