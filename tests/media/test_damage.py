"""Whatever is done to the bytes of a file, it is reported or refused: the child says so, and does not break down."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from activities.media.inspection import inspect
from activities.media.source_limits import SourceLimits
from activities.media.tools import MediaTools
from tests.media.making import Kitchen
from workflows.video.planning import plan_video
from workflows.video.refusals import UnusableVideoError

VICTIMS = (
    "plain.mp4",
    "captions.mkv",
    "plain.ts",
    "plain.avi",
    "fragmented.mp4",
    "vp9.webm",
    "animation.gif",
    "cover.mp3",
)
AT_ONCE = 2
Damage = Callable[[bytearray, random.Random], bytes]


def head(data: bytearray, chance: random.Random) -> bytes:
    """Other bytes where containers say what follows."""
    for _ in range(20):
        data[chance.randrange(min(len(data), 1500))] = chance.randrange(256)
    return bytes(data)


def tail(data: bytearray, chance: random.Random) -> bytes:
    """Other bytes where indexes are: the largest and smallest numbers among them."""
    for _ in range(20):
        data[-1 - chance.randrange(min(len(data), 3000))] = chance.choice((0, 127, 255, chance.randrange(256)))
    return bytes(data)


def cut(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def doubled(data: bytearray, chance: random.Random) -> bytes:
    """A part of it once more, elsewhere."""
    place, start = chance.randrange(len(data)), chance.randrange(len(data))
    return bytes(data[:place] + data[start : start + 5000] + data[place:])


@pytest.mark.parametrize("damage", [head, tail, cut, doubled], ids=lambda damage: damage.__name__)
async def test_a_damaged_file_is_reported_or_refused(
    damage: Damage, tools: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    chance, turns = random.Random(11), asyncio.Semaphore(AT_ONCE)  # noqa: S311  the same files every time

    async def ends_well(name: str, data: bytes) -> None:
        path = tmp_path / name
        path.write_bytes(data)
        async with turns:
            try:
                plan = plan_video(await inspect(tools, str(path), SourceLimits()))
            except UnusableVideoError as refused:
                assert refused.message.endswith(".")  # noqa: PT017  both ends are good ones
            else:
                assert plan.rungs or plan.sounds

    damaged = {name: damage(bytearray(kitchen.bytes_of(name)), chance) for name in VICTIMS}
    await asyncio.gather(*(ends_well(name, data) for name, data in damaged.items()))
