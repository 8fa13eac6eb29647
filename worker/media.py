"""`python -m worker.media`: take up what is done to the files of videos, at most one encoding a core."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import uvloop
from temporalio.worker import Worker

from activities.media.activities import FfmpegMediaActivities
from activities.media.extras import FfmpegExtraActivities
from activities.media.patience import Patience
from activities.media.publication import Publication
from activities.media.scratch import own_folder
from activities.media.sources import Sources
from activities.media.tools import MediaTools, find_ffmpeg
from activities.media.workshop import Workshop
from worker.health import health_server
from workflows.names import TaskQueue
from zilliance import logs
from zilliance.database import Database
from zilliance.processes import Processes, conceal
from zilliance.settings import Login, Settings
from zilliance.signed_objects import ObjectUrls
from zilliance.storage import ObjectStore
from zilliance.temporal import connect_when_up, settle

LIGHT_AT_ONCE = 8
# How late an encoder may hear that it is cancelled: as shipped, heartbeats are held back for most of their timeout.
HEARTBEAT_SECONDS = 1
GRACE = timedelta(seconds=5)

log = logging.getLogger("worker.media")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, then leave what is under way to others, or to the next start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.Event()
    async with health_server("127.0.0.1", settings.worker.health_port, running.is_set):
        store = ObjectStore.of(settings.storage)
        async with media_workers(settings, store):
            running.set()
            log.info("media worker is polling", extra={"slots": slots_of(settings)})
            await stop.wait()
            running.clear()
            log.info("media worker is stopping")
        await store.close()


@asynccontextmanager
async def media_workers(settings: Settings, store: ObjectStore) -> AsyncGenerator[None]:
    """Take up media work while the block runs."""
    client = await connect_when_up(settings.temporal, store)
    database = Database.of(settings.database, Login.WORKER, application_name="media worker")
    slots = slots_of(settings)
    async with _workshop(settings, store, database, slots) as shop:
        media = FfmpegMediaActivities(shop, settings)
        encoding = [media.encode_chunk, media.encode_sound]
        extras = FfmpegExtraActivities(shop, database, store, settings)
        made_light = [extras.take_poster, extras.extract_captions, extras.make_storyboard]
        light = [media.inspect, media.remux, media.encode_chunk, *made_light]
        patience = Patience()
        async with AsyncExitStack() as stack:
            for queue, activities, at_once in (
                (TaskQueue.MEDIA, encoding, slots),
                (TaskQueue.MEDIA_LIGHT, light, LIGHT_AT_ONCE),
            ):
                worker = Worker(
                    client,
                    task_queue=queue,
                    activities=activities,
                    interceptors=[patience],
                    max_concurrent_activities=at_once,
                    max_heartbeat_throttle_interval=timedelta(seconds=HEARTBEAT_SECONDS),
                    default_heartbeat_throttle_interval=timedelta(seconds=HEARTBEAT_SECONDS),
                    graceful_shutdown_timeout=GRACE,
                )
                await stack.enter_async_context(worker)
            yield
    await database.close()


@asynccontextmanager
async def _workshop(settings: Settings, store: ObjectStore, database: Database, slots: int) -> AsyncGenerator[Workshop]:
    folder = settings.home.resolve() / "media"
    urls = ObjectUrls(settings.storage, settings.storage.endpoint)
    sources = Sources(folder / "sources", store, urls, most_bytes=settings.video.cache_bytes)
    conceal()
    tools = MediaTools(processes=Processes(at_once=slots + LIGHT_AT_ONCE), ffmpeg=find_ffmpeg(settings.video.ffmpeg))
    publication = Publication(database, store, settings.api_url)
    try:
        with own_folder(folder / "work") as scratch:
            yield Workshop(folder=scratch, sources=sources, publication=publication, tools=tools)
    finally:
        await sources.close()


def slots_of(settings: Settings) -> int:
    """Encodings at the same time: one for each core that this process may use."""
    return settings.video.slots or len(os.sched_getaffinity(0))


def main() -> None:
    settings = Settings.load()
    logs.configure("media")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))
    settle()


if __name__ == "__main__":
    main()
