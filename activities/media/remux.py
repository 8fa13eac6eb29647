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


async def remux(
    tools: MediaTools, source: Source, *, described: SourceReport, folder: Path, report: Report = ignore
) -> Path:
    """Copy pictures, sound and text, in this order; neither of the first two is decoded. Raises MediaFailedError.

    `described` is what the inspection found in the source; `folder` an empty one, which the program is given.
    """
    texts = [caption for caption in described.captions if caption.is_text]
    kept = [*([described.picture] if described.picture else []), *described.sounds, *texts]
    command = remux_command(tools.ffmpeg, source, [stream.index for stream in kept], _NAME)

    def watch(now: Progress) -> None:
        report(min(1.0, now.size / max(1, described.size)))

    limits = EncodeLimits(seconds=6 * 3600, file_bytes=int(described.size * _GROWTH) + _ROOM)
    await run_command(tools, command, folder, limits=limits, watch=watch)
    path = folder / _NAME
    try:
        await asyncio.to_thread(lambda: open_made(path).close())
    except OSError as error:
        raise MediaFailedError(MediaFault.BAD_INPUT, f"the source cannot be copied: {error}") from error
    return path
