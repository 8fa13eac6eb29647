"""One chunk of a video's pictures becomes one file for each size of a class; the same bytes whoever does it again.

Objects of one rung, laid end to end, are the whole rendition: nothing is stitched (docs/decisions, chunks by frame).
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from activities.media.boxes import BrokenFileError, open_made, read_fragments, read_init
from activities.media.commands.copies import reach_command
from activities.media.commands.pictures import OFFSET_SECONDS, ChunkWork, chunk_command
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.runner import EncodeLimits, Progress, run_command
from activities.media.tools import EncodedFile, MediaTools, Report, Source, ignore
from workflows.contracts.video import Rung, VideoPlan

_LIMITS = EncodeLimits(seconds=2 * 3600)


async def encode_chunk(
    tools: MediaTools,
    source: Source,
    *,
    plan: VideoPlan,
    chunk: int,
    rungs: Sequence[Rung],
    folder: Path,
    report: Report = ignore,
) -> list[EncodedFile]:
    """Encode the frames of one chunk in every size of one class.

    Returns one file a rung, the lowest first, in `folder`, an empty one which the program is given. Where the source
    ends before the plan does, they have fewer frames than the plan says, all the same number; where it ends before
    the chunk begins, there are none. `report` hears about twice a second how much is done. Raises MediaFailedError.
    """
    if source.picture is None:
        raise MediaFailedError(MediaFault.BAD_INPUT, "the source has no pictures")
    work = ChunkWork(source=source, picture=source.picture, plan=plan, frames=plan.span(chunk), rungs=rungs)
    made = await _encode(tools, work, folder, report, from_beginning=False)
    if work.seek is None or _is_whole(made, work):
        return made
    # Nothing at all is what a source that is cut off gives, too: to decode all of it for that would be too dear.
    if not made and await _reach(tools, work, folder) <= work.frames.start / plan.rate.fraction:
        return made
    return await _encode(tools, work, folder, report, from_beginning=True)


async def _encode(
    tools: MediaTools, work: ChunkWork, folder: Path, report: Report, *, from_beginning: bool
) -> list[EncodedFile]:
    written = 0

    def watch(now: Progress) -> None:
        nonlocal written
        written = now.frames
        report(min(1.0, now.frames / len(work.frames)))

    command = chunk_command(tools.ffmpeg, work, from_beginning=from_beginning)
    await run_command(tools, command, folder, limits=_LIMITS, watch=watch, patient=from_beginning)
    made = await asyncio.to_thread(lambda: [read_made(folder / f"{rung.name}.mp4", rung.name) for rung in work.rungs])
    there = [file for file in made if file is not None]
    if len({(file.start, file.frames) for file in there}) > 1 or len(there) not in {0, len(work.rungs)}:
        raise MediaFailedError(MediaFault.KILLED, "the sizes of one chunk do not have the same frames")
    if there and there[0].frames > len(work.frames):
        message = f"there are {there[0].frames} frames in a chunk of {len(work.frames)}"
        raise MediaFailedError(MediaFault.BAD_INPUT, message)
    if there and there[0].frames != written:
        message = f"of {written} frames that were encoded, the file has {there[0].frames}"
        raise MediaFailedError(MediaFault.KILLED, message)
    return there


async def _reach(tools: MediaTools, work: ChunkWork, folder: Path) -> float:
    """Seconds from the file's zero to the end of the last picture that can be read."""
    furthest = 0.0

    def watch(now: Progress) -> None:
        nonlocal furthest
        furthest = max(furthest, now.seconds)

    command = reach_command(tools.ffmpeg, work.source, work.picture.index)
    await run_command(tools, command, folder, limits=_LIMITS, watch=watch)
    return furthest


def _is_whole(made: Sequence[EncodedFile], work: ChunkWork) -> bool:
    """Its first frame is there; frames that are missing at the end are missing in the source."""
    first = work.plan.timescale * OFFSET_SECONDS + work.frames.start * work.plan.frame_ticks
    return bool(made) and made[0].start == first


def read_made(path: Path, track: str) -> EncodedFile | None:
    """What is in a file that the encoder has finished; None when it has no samples. Raises MediaFailedError."""
    try:
        with open_made(path) as file:
            size = path.stat().st_size
            init = read_init(file, size)
            found = read_fragments(file, init.size, size) if init else []
    except (OSError, BrokenFileError) as error:
        raise MediaFailedError(MediaFault.KILLED, f"what was encoded cannot be read: {error}") from error
    if init is None or not found:
        return None
    return EncodedFile(
        path=path,
        track=track,
        codec=init.codec,
        size=size,
        init_size=init.size,
        init_sha256=init.sha256,
        start=found[0].start,
        frames=sum(each.frames for each in found),
        fragments=[each.fragment for each in found],
    )
