"""`python -m worker`: take up work from Temporal until told to stop."""

import asyncio
import logging
import signal

import uvloop

from worker.embedded import run_worker
from worker.health import health_server
from worker.resources import open_resources
from worker.schedules import reconcile_schedules
from zilliance import logs
from zilliance.settings import Settings
from zilliance.temporal import connect_when_up, settle

log = logging.getLogger("worker")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, then let what is under way end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.Event()
    async with health_server("127.0.0.1", settings.worker.health_port, running.is_set):
        client = await connect_when_up(settings.temporal)
        async with open_resources(settings, client) as resources:
            await resources.wait_for_database()
            async with run_worker(resources):
                await reconcile_schedules(client, settings)
                running.set()
                log.info("worker is polling", extra={"temporal": settings.temporal.address})
                await stop.wait()
                running.clear()
                log.info("worker is stopping")


def main() -> None:
    settings = Settings.load()
    logs.configure("worker")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))
    settle()


if __name__ == "__main__":
    main()
