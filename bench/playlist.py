"""The media playlist of a video of two hours: `uv run python -m bench.playlist`.

Prints how long it takes to be answered, beside an answer of the same server that needs nothing but HTTP, how large it
is, and what the client of the S3 store would take for signing alone.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import boto3
from botocore.config import Config

from bench.stage import platform
from zilliance.devstack import Stack
from zilliance.settings import Settings
from zilliance.tokens import PlaybackGrant, PlaybackKind, TokenAuthority

SECONDS = 7200
CHUNK_SECONDS = 60
RUNGS = ("360p", "480p", "720p", "1080p")
ROUNDS = 400
VIDEOS = 50
FIRST, AGAIN = "media playlist of 2 h, for the first time", "media playlist of 2 h, again"
MOST_MS = 20.0
MOST_BYTES = 32_000


@dataclass(frozen=True)
class Video:
    """A video of which there are rows, and no bytes."""

    id: UUID
    owner_id: UUID
    run_id: UUID


async def made_up(settings: Settings) -> Video:
    """Rows as the processing of a video leaves them: fragments of two seconds, of sizes as chance has it."""
    owner, video = uuid4(), Video(uuid4(), uuid4(), uuid4())
    video = Video(video.id, owner, video.run_id)
    connection = await asyncpg.connect(settings.database.admin_dsn())
    try:
        await connection.execute(
            "INSERT INTO auth.users (id, email) VALUES ($1, $2)", owner, f"{owner.hex}@example.com"
        )
        await connection.execute(
            "INSERT INTO public.videos (id, user_id, title, duration) VALUES ($1, $2, 'Two hours', $3)",
            *(video.id, owner, float(SECONDS)),
        )
        await connection.execute(
            "INSERT INTO private.video_runs (id, video_id, user_id, status, source_version, source_size, revision)"
            " VALUES ($1, $2, $3, 'completed', $4, 1, 1)",
            *(video.run_id, video.id, owner, uuid4()),
        )
        for place, name in enumerate((*RUNGS, "audio-1")):
            await _track(connection, video.run_id, place, name)
    finally:
        await connection.close()
    return video


async def _track(connection: asyncpg.Connection, run_id: UUID, place: int, name: str) -> None:
    is_sound = name.startswith("audio")
    properties = {
        "width": 640, "height": 360, "rate": {"numerator": 30, "denominator": 1}, "timescale": 30_000,
        "codec": "mp4a.40.2" if is_sound else "avc1.64001e", "segment_fragments": 3, "channels": 2,
    }  # fmt: skip
    await connection.execute(
        "INSERT INTO private.video_tracks (run_id, name, kind, position, properties, is_complete)"
        " VALUES ($1, $2, $3, $4, $5::jsonb, true)",
        *(run_id, name, "audio" if is_sound else "video", place, json.dumps(properties)),
    )
    chunks: list[tuple[object, ...]] = []
    for number in range(SECONDS // CHUNK_SECONDS):
        fragments: list[int] = []
        offset = 800
        for _ in range(CHUNK_SECONDS // 2):
            size = random.randint(80_000, 700_000)
            fragments += [offset, size, 60_000, size // 5]
            offset += size
        key = f"video/{run_id}/{name}/{number:05}.mp4"
        chunks.append((run_id, name, number, key, offset, 800, "a" * 64, 1800, fragments))
    columns = [
        "run_id",
        "track",
        "number",
        "object_key",
        "size",
        "init_size",
        "init_sha256",
        "frames",
        "fragments",
    ]
    await connection.copy_records_to_table("video_chunks", schema_name="private", columns=columns, records=chunks)


def signed_by_boto3(settings: Settings) -> float:
    """Milliseconds that the client of the store takes for the URLs of one playlist."""
    storage = settings.storage
    client = boto3.client(
        "s3",
        endpoint_url=storage.endpoint,
        region_name=storage.region,
        aws_access_key_id=storage.access_key,
        aws_secret_access_key=storage.secret_key.get_secret_value(),
        config=Config(signature_version="s3v4", proxies={}),
    )
    began = time.perf_counter()
    for number in range(SECONDS // CHUNK_SECONDS):
        client.generate_presigned_url("get_object", Params={"Bucket": storage.bucket, "Key": f"video/{number}"})
    return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def asker(stack: Stack) -> AsyncGenerator[Callable[[str], Awaitable[bytes]]]:
    """Asks for a path, and gives the bytes as they came: compressed ones stay so."""
    url = stack.describe()["api_url"]
    async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"}) as http:

        async def ask(path: str) -> bytes:
            async with http.get(f"{url}{path}") as answer:
                assert answer.status == 200, await answer.read()  # noqa: S101
                return await answer.read()

        yield ask


async def measure(ask: Callable[[str], Awaitable[bytes]], paths: Sequence[str]) -> tuple[list[float], int]:
    """Milliseconds of each request, one after the other, in order of size; and the bytes of the largest answer."""
    taken: list[float] = []
    size = 0
    for path in paths:
        began = time.perf_counter()
        size = max(size, len(await ask(path)))
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken), size


def address(stack: Stack, video: Video) -> str:
    """Where the holder of a grant finds the playlists of a video."""
    now = int(time.time())
    grant = PlaybackGrant(video.id, str(video.owner_id), PlaybackKind.VIDEO, 0, now, now + 3600)
    return f"/video/v1/play/{TokenAuthority(stack.settings).playback.issue(grant)}"


async def main() -> None:
    async with platform() as stack, asker(stack) as ask:
        videos = [await made_up(stack.settings) for _ in range(VIDEOS)]
        bases = [address(stack, video) for video in videos]
        playlists = [
            f"{base}/{video.run_id}/{name}.m3u8" for base, video in zip(bases, videos, strict=True) for name in RUNGS
        ]
        paths = {
            "HTTP alone (/healthz)": ["/healthz"] * ROUNDS,
            FIRST: playlists,
            AGAIN: playlists * 4,
            "I-frame playlist, for the first time": [each.replace(".m3u8", ".iframes.m3u8") for each in playlists],
            f"master playlist of {len(RUNGS)} renditions, for the first time": [
                f"{each}/master.m3u8" for each in bases
            ],
            "master playlist, again": [f"{each}/master.m3u8" for each in bases] * 4,
        }
        for _ in range(50):
            await ask("/healthz")
        print("| answer | p50 ms | p99 ms | bytes, gzip |\n|---|---|---|---|")
        found: dict[str, tuple[float, int]] = {}
        for name, each in paths.items():
            taken, size = await measure(ask, each)
            p99 = taken[max(0, round(len(taken) * 0.99) - 1)]
            found[name] = (p99, size)
            print(f"| {name} | {median(taken):.1f} | {p99:.1f} | {size:,} |")
        print(f"\nboto3 takes {signed_by_boto3(stack.settings):.1f} ms for signing the {SECONDS // CHUNK_SECONDS} URLs")
    for name in (FIRST, AGAIN):
        p99, size = found[name]
        if p99 > MOST_MS or size > MOST_BYTES:
            raise SystemExit(f"{name}: more than {MOST_MS:g} ms at p99, or more than {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    asyncio.run(main())
