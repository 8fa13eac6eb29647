"""The processing of videos beside bare ffmpeg: `nice -n -15 uv run python -m bench.video [SECONDS ...]`.

Prints, for 1080p sources of so many seconds (20, 60, 600 and 3600 where none are named), how long after the upload's
end somebody can begin to watch; for those of at most BENCH_WHOLE seconds (600), how long the whole processing takes
beside the very same commands run by a shell, as many at a time as there are cores; and, for the shortest and the
longest of them, two workers with a core each beside one ffmpeg with two threads. References run right after what they
are compared with.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import psutil

from activities.media.commands.command import Command
from activities.media.commands.pictures import ChunkWork, chunk_command
from activities.media.commands.sound import loudness_command, sound_command
from activities.media.tools import Source, find_ffmpeg
from bench.stage import Person, platform, sign_up
from workflows.contracts.video import SourceReport, VideoPlan
from workflows.video.pieces import pieces_of, rungs_of
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.devstack.part import PartName
from zilliance.devstack.stack import ALL_PARTS

CLIP_SECONDS = 20
FIRST_PLAYABLE_SECONDS = 5.0
WANTED_SHARE = {60: 1.10, 600: 1.05}
WANTED_TWO_WORKERS = 0.95
CORES = len(os.sched_getaffinity(0))
NICENESS = ("nice", "-n", "10")  # as the platform runs its encoders
LONGEST = 3 * 3600
STARTED_SECONDS = 8  # until a worker that was just started polls


@dataclass(frozen=True)
class Processed:
    """One run: seconds until it could be played, and until it was ready."""

    run_id: UUID
    playable: float
    ready: float


class Videos:
    """A person's videos on one platform."""

    def __init__(self, person: Person, rows: "asyncpg.Connection[Any]") -> None:
        self._person = person
        self._rows = rows

    async def upload(self, path: Path) -> str:
        """Through the API, as a front end does; the video's id."""
        user: str = self._person.call("GET", "/auth/v1/user")["id"]
        name = f"{user}/{path.name}-{time.time_ns()}"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LONGEST)) as http:
            url = f"{self._person.url}/storage/v1/object/videos/{name}"
            with path.open("rb") as file:
                headers = {**self._person.headers, "Content-Type": "video/mp4"}
                async with http.post(url, data=file, headers=headers) as answer:
                    answer.raise_for_status()
        (video,) = self._person.insert("videos", {"title": path.name, "storage_path": name})
        return str(video["id"])

    async def process(self, video: str, *, whole: bool) -> Processed:
        """Ask for the processing and watch it; without `whole` it is cancelled when it can be played."""
        began = time.perf_counter()
        self._person.call("POST", "/functions/v1/process-video", {"videoId": video}, Prefer="respond-async")
        run_id: UUID = await self._rows.fetchval(
            "SELECT id FROM private.video_runs WHERE video_id = $1 ORDER BY id DESC LIMIT 1", UUID(video)
        )
        await self._until(run_id, "revision > 0")
        playable = time.perf_counter() - began
        if whole:
            await self._until(run_id, "status = 'completed'", every=0.2)  # it asks on the cores that are measured
        ready = time.perf_counter() - began
        if not whole:
            self._person.call("POST", f"/video/v1/videos/{video}/cancel")
            await self._until(run_id, "status = 'cancelled'", failing=False)
        return Processed(run_id, playable, ready)

    async def plan(self, run_id: UUID) -> tuple[SourceReport, VideoPlan]:
        row = await self._rows.fetchrow("SELECT report::text, plan::text FROM private.video_runs WHERE id = $1", run_id)
        assert row is not None  # noqa: S101
        return SourceReport.model_validate_json(row["report"]), VideoPlan.model_validate_json(row["plan"])

    async def _until(self, run_id: UUID, condition: str, *, failing: bool = True, every: float = 0.02) -> None:
        async with asyncio.timeout(LONGEST):
            while True:
                row = await self._rows.fetchrow(
                    f"SELECT {condition} AS holds, status, error::text FROM private.video_runs WHERE id = $1",  # noqa: S608
                    run_id,
                )
                if row is not None and row["holds"]:
                    return
                if failing and row is not None and row["status"] in {"failed", "cancelled"}:
                    raise RuntimeError(row["error"])
                await asyncio.sleep(every)


def run_bare(command: Command, folder: Path, *, threads: int = 1) -> None:
    """One command by a shell, with its files as the descriptors that it names."""
    folder.mkdir(parents=True)
    arguments = list(command.arguments)
    if threads > 1:
        places = [place + 1 for place, word in enumerate(arguments) if word.endswith("threads")]
        arguments = [str(threads) if place in places else word for place, word in enumerate(arguments)]
    redirections = " ".join(f'{number + 3}<"{path}"' for number, path in enumerate(command.reads))
    line = ["sh", "-c", f'exec "$@" {redirections}', "sh", *NICENESS, *arguments]
    subprocess.run(line, cwd=folder, check=True, capture_output=True)


def all_commands(path: Path, report: SourceReport, plan: VideoPlan) -> list[Command]:
    """What the platform runs for a source, in its order."""
    ffmpeg = find_ffmpeg()
    assert report.picture is not None  # noqa: S101
    source = Source(location=str(path), picture=report.picture, duration=report.duration)
    works = [
        ChunkWork(
            source=source,
            picture=report.picture,
            plan=plan,
            frames=plan.span(piece.chunk),
            rungs=rungs_of(plan, piece.quality),
        )
        for piece in pieces_of(plan)
    ]
    chunks = [chunk_command(ffmpeg, work) for work in works]
    sounds = [
        command
        for index in plan.sounds
        for command in (
            loudness_command(ffmpeg, source, index),
            sound_command(ffmpeg, source, index, 0.0, "sound.mp4"),
        )
    ]
    return [*chunks[:1], *sounds, *chunks[1:]]


def bare_seconds(commands: Sequence[Command], *, at_once: int, threads: int = 1) -> float:
    """How long the same commands take without a platform."""
    with tempfile.TemporaryDirectory(prefix="zbare") as scratch, ThreadPoolExecutor(at_once) as pool:
        began = time.perf_counter()
        folders = [Path(scratch) / str(number) for number in range(len(commands))]
        list(pool.map(lambda pair: run_bare(*pair, threads=threads), zip(commands, folders, strict=True)))
        return time.perf_counter() - began


def whole_commands(path: Path, report: SourceReport, plan: VideoPlan) -> list[Command]:
    """The same renditions and sound, each class in one go."""
    return all_commands(path, report, plan.model_copy(update={"chunk_ends": (plan.frames,)}))


def make_clip(folder: Path) -> Path:
    """Twenty seconds of 1080p at 4 Mbit/s with sound."""
    path = folder / "clip.mp4"
    subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error", "-f", "lavfi"),
            *("-i", f"testsrc2=size=1920x1080:rate=30:duration={CLIP_SECONDS}"),
            *("-f", "lavfi", "-i", f"sine=frequency=440:duration={CLIP_SECONDS}:sample_rate=48000"),
            *("-c:v", "libx264", "-preset", "superfast", "-b:v", "4M", "-maxrate", "6M", "-bufsize", "8M"),
            *("-g", "120", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", str(path)),
        ],
        check=True,
    )
    return path


def make_source(clip: Path, seconds: int) -> Path:
    """The clip again and again: made in a moment, however long."""
    path = clip.with_name(f"{seconds}.mp4")
    subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error", "-stream_loop", "-1", "-i", str(clip), "-t", str(seconds)),
            *("-c", "copy", "-movflags", "+faststart", str(path)),
        ],
        check=True,
    )
    return path


async def measure(videos: Videos, path: Path, seconds: int, most_whole: int) -> None:
    whole = seconds <= most_whole
    done = await videos.process(await videos.upload(path), whole=whole)
    verdict = "ok" if done.playable <= FIRST_PLAYABLE_SECONDS else "too late"
    print(
        f"| {seconds} s, first playable | {done.playable:.2f} s | | {FIRST_PLAYABLE_SECONDS:g} s: {verdict} |",
        flush=True,
    )
    if whole:
        bare = bare_seconds(all_commands(path, *await videos.plan(done.run_id)), at_once=CORES)
        share, wanted = done.ready / bare, min((w for s, w in WANTED_SHARE.items() if seconds >= s), default=None)
        verdict = "" if wanted is None else f"{wanted:g} or less: {'ok' if share <= wanted else 'too much'}"
        print(f"| {seconds} s, ready | {done.ready:.1f} s | {bare:.1f} s, {share:.3f} of it | {verdict} |", flush=True)


@contextmanager
def two_workers(stack: Stack, folder: Path) -> Iterator[None]:
    """Two media workers with a core each."""
    base = psutil.Process(stack.process("worker").pid).environ()
    started: list[subprocess.Popen[bytes]] = []
    try:
        for core in sorted(os.sched_getaffinity(0))[:2]:
            settings = {
                **base,
                "ZILLIANCE_VIDEO__SLOTS": "1",
                "ZILLIANCE_WORKER__HEALTH_PORT": "0",
                "ZILLIANCE_HOME": str(folder / f"core-{core}"),
            }
            command = [sys.executable, "-m", "worker.media"]
            started.append(subprocess.Popen(command, env=settings, stderr=subprocess.DEVNULL))
            psutil.Process(started[-1].pid).cpu_affinity([core])
        yield
    finally:
        for process in started:
            process.terminate()
            process.wait()


async def measure_two_workers(folder: Path, path: Path, seconds: int) -> None:
    async with Stack(folder / "two", FREE_PORTS, parts=ALL_PARTS - {PartName.MEDIA}) as stack:
        with two_workers(stack, folder):
            await asyncio.sleep(STARTED_SECONDS)
            rows = await asyncpg.connect(stack.settings.database.admin_dsn())
            videos = Videos(sign_up(stack), rows)
            done = await videos.process(await videos.upload(path), whole=True)
            report, plan = await videos.plan(done.run_id)
            await rows.close()
    bare = bare_seconds(whole_commands(path, report, plan), at_once=1, threads=2)
    speed = bare / done.ready
    verdict = "ok" if speed >= WANTED_TWO_WORKERS else "too slow"
    print(
        f"| {seconds} s, two workers | {done.ready:.1f} s | {bare:.1f} s by one ffmpeg with two threads, speed"
        f" {speed:.3f} | {WANTED_TWO_WORKERS:g} or more: {verdict} |",
        flush=True,
    )


async def main() -> None:
    lengths = sorted(int(word) for word in sys.argv[1:]) or [20, 60, 600, 3600]
    most_whole = int(os.environ.get("BENCH_WHOLE", "600"))
    with tempfile.TemporaryDirectory(prefix="zvideo") as folder:
        clip = make_clip(Path(folder))
        async with platform() as stack:
            rows = await asyncpg.connect(stack.settings.database.admin_dsn())
            videos = Videos(sign_up(stack), rows)
            print("| 1080p source | platform | bare ffmpeg, the same commands | must |\n|---|---|---|---|", flush=True)
            for seconds in lengths:
                path = make_source(clip, seconds)
                await measure(videos, path, seconds, most_whole)
                path.unlink()
            await rows.close()
        whole = [each for each in lengths if each <= most_whole]
        if CORES > 1 and whole:
            # The shortest that gives each worker several chunks, and one whose beginning and end count for little.
            shortest = next((each for each in whole if each >= CLIP_SECONDS * 3), whole[-1])
            for seconds in sorted({shortest, whole[-1]}):
                with tempfile.TemporaryDirectory(prefix="ztwo") as home:
                    await measure_two_workers(Path(home), make_source(clip, seconds), seconds)


if __name__ == "__main__":
    asyncio.run(main())
