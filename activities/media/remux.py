"""A source that cannot be sought in is copied into a container that can, before it is cut into chunks."""

import asyncio
from pathlib import Path

from activities.media.boxes import open_made
from activities.media.commands.copies import remux_command
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.runner import EncodeLimits, Progress, run_command
from activities.media.tools import MediaTools, Report, Source, ignore
from workflows.contracts.video import SourceReport

_NAME = "source.mkv"
_ROOM = 16 * 1024**2  # bytes that the container may need beside the streams
_GROWTH = 1.2
_SAMPLE = 2  # bytes of sound that is written anew
_NO_PLACE = "Could not write header"  # Matroska has no name for a codec


async def remux(
    tools: MediaTools, source: Source, *, described: SourceReport, folder: Path, report: Report = ignore
) -> Path:
    """Copy pictures, sound and text, in this order. Raises MediaFailedError.

    Sound is decoded where the container has no place for it as it is: that of some discs, studios and flash players.

    `described` is what the inspection found in the source; `folder` an empty one, which the program is given.
    """
    texts = [caption for caption in described.captions if caption.is_text]
    kept = [*([described.picture] if described.picture else []), *described.sounds, *texts]
    indexes = [stream.index for stream in kept]

    def watch(now: Progress) -> None:
        report(min(1.0, now.size / max(1, described.size)))

    async def copy(*, sounds_anew: bool, most: int) -> None:
        command = remux_command(tools.ffmpeg, source, indexes, _NAME, sounds_anew=sounds_anew)
        limits = EncodeLimits(seconds=6 * 3600, file_bytes=most)
        await run_command(tools, command, folder, limits=limits, watch=watch)

    most = int(described.size * _GROWTH) + _ROOM
    try:
        await copy(sounds_anew=False, most=most)
    except MediaFailedError as error:
        if _NO_PLACE not in error.complaint:
            raise
        await copy(sounds_anew=True, most=most + _decoded_size(described))
    path = folder / _NAME
    try:
        await asyncio.to_thread(lambda: open_made(path).close())
    except OSError as error:
        raise MediaFailedError(MediaFault.BAD_INPUT, f"the source cannot be copied: {error}") from error
    return path


def _decoded_size(described: SourceReport) -> int:
    a_second = sum(sound.sample_rate * sound.channels * _SAMPLE for sound in described.sounds)
    return int(described.duration * _GROWTH * a_second)
