"""What our encodings cost beside bare ffmpeg: `uv run python -m bench.encode [rounds [FILE ...]]`.

The first eight seconds of each file are brought to 1080p at 30 frames, beside pictures that are made here.

All references run the same ffmpeg on the same source at the same priority, in turn with ours. CPU is that of this
process and of its children; it is what to look at where other programs share the machine.
"""

import asyncio
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from activities.media.commands.command import Command
from activities.media.commands.pictures import ChunkWork, chunk_command
from activities.media.encoding import encode_chunk
from activities.media.runner import NICENESS
from activities.media.tools import MediaTools, Source, find_ffmpeg
from workflows.contracts.video import PictureStream, QualityClass, Rate, Rung, SourceReport, VideoPlan
from workflows.video.planning import plan_video
from zilliance.processes import Processes

SECONDS = 8
CHUNK_FRAMES = 120  # of 240: where a chunk begins, more is decoded than is kept
ROUNDS = int(sys.argv[1]) if sys.argv[1:] else 3
FILMS = {
    "easy": ("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30"),
    "grainy": ("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30,noise=all_strength=10:all_flags=t"),
    **{Path(name).stem: ("-stream_loop", "-1", "-i", name, "-vf", "scale=1920:1080,fps=30") for name in sys.argv[2:]},
}


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float


@dataclass(frozen=True)
class Film:
    """A source, and its plan in one chunk and in many."""

    name: str
    source: Source
    picture: PictureStream
    whole: VideoPlan
    cut: VideoPlan

    @property
    def classes(self) -> list[list[Rung]]:
        rungs = [[rung for rung in self.whole.rungs if rung.quality is quality] for quality in QualityClass]
        return [each for each in rungs if each]

    def command(self, program: str, frames: range, rungs: Sequence[Rung]) -> Command:
        work = ChunkWork(source=self.source, picture=self.picture, plan=self.whole, frames=frames, rungs=rungs)
        return chunk_command(program, work)


def _spent() -> float:
    """CPU seconds of this process, which reads the progress of ours, and of all that it started and that has ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


async def cost(work: Callable[[], Awaitable[object]]) -> Cost:
    wall, cpu = time.monotonic(), _spent()
    await work()
    return Cost(time.monotonic() - wall, _spent() - cpu)


async def in_turn(*works: Callable[[], Awaitable[object]]) -> list[Cost]:
    """The least of what each costs, when they are done in turn, some times: whatever else runs only adds to it."""
    rounds = [[await cost(work) for work in works] for _ in range(ROUNDS)]
    return [
        Cost(min(each.wall for each in column), min(each.cpu for each in column))
        for column in zip(*rounds, strict=True)
    ]


async def bare(command: Command, *, threads: int = 1) -> None:
    """The very arguments, started by nobody of ours; the source is the third descriptor here, too."""
    arguments = [str(threads) if before == "-threads" else each for before, each in _pairs(command.arguments)]
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", 'source=$1; shift; exec nice -n "$0" "$@" 3<"$source"'),
            *(str(NICENESS), str(command.reads[0]), *arguments),
            cwd=folder,
            stdout=asyncio.subprocess.DEVNULL,
        )
        if await process.wait() != 0:
            raise SystemExit("bare ffmpeg failed")


def _pairs(arguments: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(["", *arguments], arguments, strict=False))


@asynccontextmanager
async def film(name: str, folder: Path, program: str) -> AsyncGenerator[Film]:
    path = folder / f"{name}.mp4"
    process = await asyncio.create_subprocess_exec(
        *(program, "-v", "error", *FILMS[name], "-t", str(SECONDS), "-an", "-c:v", "libx264", "-preset", "medium"),
        *("-crf", "18", "-pix_fmt", "yuv420p", "-g", "60", str(path)),
    )
    if await process.wait() != 0:
        raise SystemExit("the source could not be made")
    picture = PictureStream(index=0, codec="h264", width=1920, height=1080, rate=Rate(numerator=30), duration=SECONDS)
    report = SourceReport(container="mov", size=path.stat().st_size, duration=SECONDS, picture=picture)
    frames = SECONDS * 30
    whole = plan_video(report).model_copy(update={"chunk_ends": (frames,), "frames": frames})
    cut = whole.model_copy(update={"chunk_ends": tuple(range(CHUNK_FRAMES, frames + 1, CHUNK_FRAMES))})
    yield Film(name, Source(location=str(path), picture=picture, duration=SECONDS), picture, whole, cut)
    path.unlink()


async def ours(tools: MediaTools, one: Film, plan: VideoPlan, chunk: int, rungs: Sequence[Rung]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        await encode_chunk(tools, one.source, plan=plan, chunk=chunk, rungs=rungs, folder=folder)
    finally:
        shutil.rmtree(folder)


async def shared_decode(tools: MediaTools, one: Film) -> None:
    """One command for each class of sizes, beside one for each size."""
    everything = range(one.whole.frames)

    async def by_class() -> None:
        for rungs in one.classes:
            await ours(tools, one, one.whole, 0, rungs)

    async def by_size() -> None:
        for rung in one.whole.rungs:
            await bare(one.command(tools.ffmpeg, everything, [rung]))

    mine, theirs = await in_turn(by_class, by_size)
    sizes = ", ".join(rung.name for rung in one.whole.rungs)
    ratio = mine.cpu / theirs.cpu
    print(f"| {one.name}, {sizes} | {mine.cpu:.1f} | {theirs.cpu:.1f} | {ratio:.2f} | 0.85 or less |", flush=True)


async def two_lanes(tools: MediaTools, one: Film) -> None:
    """Two encodings of one thread each, chunk by chunk, beside one ffmpeg with two threads."""

    async def lane(jobs: list[tuple[int, list[Rung]]]) -> None:
        while jobs:
            chunk, rungs = jobs.pop(0)
            await ours(tools, one, one.cut, chunk, rungs)

    async def chunks() -> None:
        jobs = [(chunk, rungs) for rungs in one.classes for chunk in range(len(one.cut.chunk_ends))]
        await asyncio.gather(lane(jobs), lane(jobs))

    async def whole() -> None:
        for rungs in one.classes:
            await bare(one.command(tools.ffmpeg, range(one.whole.frames), rungs), threads=2)

    mine, theirs = await in_turn(chunks, whole)
    print(
        f"| {one.name} | {mine.wall:.1f} | {theirs.wall:.1f} | {theirs.wall / mine.wall:.2f} | "
        f"{mine.cpu:.1f} | {theirs.cpu:.1f} | {theirs.cpu / mine.cpu:.2f} | 0.95 or more |",
        flush=True,
    )


async def overhead(tools: MediaTools, one: Film, seconds: int) -> None:
    """One chunk by us, behind the guard and with its progress read and its boxes parsed, beside the bare command."""
    plan = one.whole.model_copy(update={"chunk_ends": (seconds * 30,)})
    rungs = one.classes[0]

    async def mine() -> None:
        await ours(tools, one, plan, 0, rungs)

    async def theirs() -> None:
        await bare(one.command(tools.ffmpeg, range(seconds * 30), rungs))

    a, b = await in_turn(mine, theirs)
    print(
        f"| {one.name}, {seconds} s of {', '.join(rung.name for rung in rungs)} | {a.wall:.2f} | {b.wall:.2f} | "
        f"{a.cpu:.2f} | {b.cpu:.2f} | {(a.cpu - b.cpu) * 1000:.0f} ms | {a.cpu / b.cpu:.3f} |",
        flush=True,
    )


async def main() -> None:
    tools = MediaTools(processes=Processes(), ffmpeg=find_ffmpeg())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; the least of {ROUNDS} rounds\n")
    with tempfile.TemporaryDirectory() as folder:
        print("CPU seconds of a whole ladder, decoded once a class, beside one command a rendition:\n")
        print("| source | ours | one a rendition | ratio | must |\n|---|---|---|---|---|")
        for name in FILMS:
            async with film(name, Path(folder), tools.ffmpeg) as one:
                await shared_decode(tools, one)
        print("\nChunks in two lanes of one thread each, beside one ffmpeg with two threads:\n")
        print("| source | wall s | its | speed | CPU s | its | CPU ratio | must |\n|---|---|---|---|---|---|---|---|")
        for name in FILMS:
            async with film(name, Path(folder), tools.ffmpeg) as one:
                await two_lanes(tools, one)
        print("\nOne chunk behind the guard, beside the same arguments without it:\n")
        print("| chunk | wall s | bare | CPU s | bare | more CPU | ratio |\n|---|---|---|---|---|---|---|")
        async with film("easy", Path(folder), tools.ffmpeg) as one:
            for seconds in (2, SECONDS):
                await overhead(tools, one, seconds)


if __name__ == "__main__":
    asyncio.run(main())
