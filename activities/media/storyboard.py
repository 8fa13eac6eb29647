"""Small pictures of a whole video on a few sheets, shown while one moves along its time line.

They are made of the finished lowest rendition, whose fragments each begin with a keyframe: of a long video only some
fragments are fetched, and only their first picture is decoded.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from activities.media.boxes import open_made
from activities.media.commands.stills import fitted, storyboard_command
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.runner import EncodeLimits, run_command
from activities.media.tools import MediaTools, Source
from workflows.contracts.video import Rung, VideoPlan

MOST_PICTURES = 200
TILE_SIDE = 160
COLUMNS, ROWS = 10, 10
_LIMITS = EncodeLimits(seconds=600, file_bytes=64 * 1024**2)


@dataclass(frozen=True, kw_only=True)
class StoryboardLayout:
    """Which fragments it is made of, and how its sheets are divided.

    Attributes:
        chosen: fragments in their order: the number of the chunk, and that of the fragment in it.
        interval_seconds: for which each picture stands; the last may stand for less.
    """

    chosen: Sequence[tuple[int, int]]
    interval_seconds: float
    tile_width: int
    tile_height: int
    columns: int = COLUMNS
    rows: int = ROWS

    @property
    def pictures(self) -> int:
        return len(self.chosen)


def lay_out(plan: VideoPlan, rung: Rung, fragment_counts: Sequence[int]) -> StoryboardLayout:
    """Choose every so-manyth fragment of a rung that is complete, so that there are no more than 200 pictures.

    `fragment_counts` says how many fragments each of its chunks has.
    """
    every = [(chunk, number) for chunk, count in enumerate(fragment_counts) for number in range(count)]
    step = max(1, -(-len(every) // MOST_PICTURES))
    width, height = fitted(rung.width, rung.height, TILE_SIDE)
    seconds = float(step * plan.gop_frames / plan.rate.fraction)
    return StoryboardLayout(
        chosen=every[::step], interval_seconds=round(seconds, 6), tile_width=width, tile_height=height
    )


async def make_storyboard(tools: MediaTools, film: Path, layout: StoryboardLayout, folder: Path) -> list[Path]:
    """The sheets, `storyboard-000.jpg` and so on, in `folder`, an empty one which the program is given.

    `film` has the beginning of the first chunk (its `init_size` bytes) and then the chosen fragments. Raises
    MediaFailedError.
    """
    source = Source(location=str(film))
    command = storyboard_command(
        tools.ffmpeg, source, (layout.tile_width, layout.tile_height), (layout.columns, layout.rows)
    )
    await run_command(tools, command, folder, limits=_LIMITS)
    sheets = [folder / f"storyboard-{number:03d}.jpg" for number in range(_sheets(layout))]
    try:
        await asyncio.to_thread(lambda: [open_made(sheet).close() for sheet in sheets])
    except OSError as error:
        raise MediaFailedError(
            MediaFault.BAD_INPUT, f"the storyboard has fewer sheets than pictures: {error}"
        ) from error
    return sheets


def _sheets(layout: StoryboardLayout) -> int:
    return -(-layout.pictures // (layout.columns * layout.rows))
