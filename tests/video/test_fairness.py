"""Owners take turns for the slots of media workers, however much each of them has."""

import asyncio
from pathlib import Path

from temporalio.client import Client

from tests.activities.support import Rows
from tests.video.films import film
from tests.video.studio import Studio
from zilliance.database import Database
from zilliance.storage import ObjectStore

VIDEOS = 4


async def test_whoever_comes_with_one_video_waits_for_no_other_owners_queue(  # noqa: PLR0917  what they stand on
    rows: Rows,
    callers: Database,
    client: Client,
    store: ObjectStore,
    platform_database: Database,
    workers: None,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    many, one = [await Studio.sign_up(rows, callers, client, store, platform_database) for _ in range(2)]
    path = film(tmp_path / "a.mp4", seconds=600, rate=1, sound=False)
    first = [await many.begin(await many.upload(path)) for _ in range(VIDEOS)]
    for run in first:
        await many.until(run, "r.plan IS NOT NULL")
    late = await one.begin(await one.upload(path))
    await one.handle(late).result()

    wanted = len(await one.chunks(late, "90p")) * VIDEOS
    done = sum([len(await many.chunks(run, "90p")) for run in first])
    await asyncio.gather(*(many.handle(run).result() for run in first))
    # By turns it is a quarter and what was done before; in the order of their coming it would be nearly all.
    assert done < wanted * 0.8
