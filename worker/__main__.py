"""`python -m worker`: take up work from Temporal until told to stop."""

import asyncio
import logging
import os
import signal

import uvloop

from worker.embedded import run_worker
from worker.health import health_server
from worker.resources import open_resources
from worker.schedule_sync import keep_schedules
from worker.schedules import reconcile_schedules
from worker.starter import keep_starting
from zilliance import logs
from zilliance.garbage import spare_what_stays
from zilliance.settings import Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect_when_up, settle

# Accepting goes before running where both share a machine: the API and PostgreSQL get the processor first.
NICENESS = 5

log = logging.getLogger("worker")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, then let what is under way end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.Event()
    async with health_server("127.0.0.1", settings.worker.health_port, running.is_set):
        store = ObjectStore.of(settings.storage)
        client = await connect_when_up(settings.temporal, store)
        async with open_resources(settings, client, store) as resources:
            await resources.wait_for_database()
            async with run_worker(resources):
                await reconcile_schedules(client, settings)
                starting = asyncio.gather(keep_starting(resources), keep_schedules(resources))
                running.set()
                spare_what_stays()
                log.info("worker is polling", extra={"temporal": settings.temporal.address})
                await stop.wait()
                running.clear()
                log.info("worker is stopping")
                starting.cancel()
        await store.close()


def main() -> None:
    settings = Settings.load()
    logs.configure("worker")
    os.nice(NICENESS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))
    settle()


if __name__ == "__main__":
    main()
