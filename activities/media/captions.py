"""Subtitles that are text become WebVTT files in step with tracks that begin at one second."""

import asyncio
import codecs
from dataclasses import dataclass
from pathlib import Path

from activities.media.boxes import open_made
from activities.media.commands.copies import captions_command
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.runner import EncodeLimits, run_command
from activities.media.tools import MediaTools, Source

MOST_BYTES = 16 * 1024**2
# The zero of the cues is the second at which every track begins: 90000 ticks of 1/90000 s (RFC 8216, section 3.5).
TIMESTAMP_MAP = b"X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000"
_SIGNATURE = b"WEBVTT"
_ARROW = b" --> "
_NO_UTF_8 = "Invalid UTF-8 in decoded subtitles text"
_ELSE = "CP1252"  # what players take text for that is no UTF-8; every container's own rules ask for that
# The mark at the beginning of UTF-16, which MP4 allows, as that reads it. ffmpeg loses the text behind it.
_WIDE = tuple(mark.decode("cp1252").encode() for mark in (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE))
_LIMITS = EncodeLimits(seconds=1800, file_bytes=MOST_BYTES)


@dataclass(frozen=True, kw_only=True)
class CaptionFile:
    """One WebVTT file."""

    track: str
    content: bytes
    cues: int


async def extract_captions(
    tools: MediaTools, source: Source, *, index: int, track: str, folder: Path
) -> CaptionFile | None:
    """The subtitles of the stream with this index; None where it has no cue. Raises MediaFailedError.

    `track` is its name, such as `subtitles-1`; `folder` an empty one, which the program is given.
    """
    path = folder / f"{track}.vtt"
    try:
        complaint = await run_command(
            tools, captions_command(tools.ffmpeg, source, index, path.name), folder, limits=_LIMITS, patient=True
        )
    except MediaFailedError as error:
        if _NO_UTF_8 not in error.complaint:
            raise
        complaint = error.complaint
    if _NO_UTF_8 in complaint:
        # Else the cues that say so would be left out without a word.
        command = captions_command(tools.ffmpeg, source, index, path.name, encoding=_ELSE)
        await run_command(tools, command, folder, limits=_LIMITS, patient=True)
    content = await asyncio.to_thread(_read, path)
    cues = content.count(_ARROW)
    return CaptionFile(track=track, content=content, cues=cues) if cues else None


def _read(path: Path) -> bytes:
    try:
        with open_made(path) as file:
            data = file.read(MOST_BYTES)
    except OSError as error:
        raise MediaFailedError(MediaFault.BAD_INPUT, f"the subtitles cannot be read: {error}") from error
    head, _, cues = data.partition(b"\n")
    if not head.startswith(_SIGNATURE):
        raise MediaFailedError(MediaFault.BAD_INPUT, "the subtitles are no WebVTT")
    if any(b"\n" + mark in cues for mark in _WIDE):
        raise MediaFailedError(MediaFault.BAD_INPUT, "the subtitles are UTF-16, which ffmpeg does not read")
    return b"\n".join([head, TIMESTAMP_MAP, cues])
