"""`python -m worker.combined`: the API with a worker in its process, so that executions start without a queue."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import uvloop
from temporalio.client import Client
from temporalio.service import RPCError

from api.app import create_app
from api.server import serve
from api.state import AppState
from worker.embedded import make_worker
from worker.event_router import routing
from worker.resources import open_resources
from zilliance import logs
from zilliance.settings import Settings
from zilliance.temporal import connect_when_up, settle

PAUSE_SECONDS = 0.5

log = logging.getLogger("worker.combined")


@asynccontextmanager
async def worker_alongside(state: AppState) -> AsyncGenerator[None]:
    """A worker on the API's own client: Temporal then hands the first task of an execution back with its start.

    The API does not wait for it: it serves while Temporal is away, and the worker joins when it is there.
    """
    joining = asyncio.create_task(_work(state))
    try:
        yield
    finally:
        joining.cancel()
        with suppress(asyncio.CancelledError):
            await joining


async def _work(state: AppState) -> None:
    """Poll for as long as the process lives."""
    # The API's first client dials at its first call, and such a one cannot serve a worker: both share this one.
    state.temporal = await _connected(state)
    async with open_resources(state.settings, state.temporal, state.store) as resources, routing(resources):
        while True:
            try:
                await make_worker(resources, is_pressed=state.acceptance.pressure.is_high).run()
            except (RPCError, RuntimeError, OSError) as error:
                log.warning("worker is not polling: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)


async def _connected(state: AppState) -> Client:
    """A client as soon as Temporal answers, however long that takes."""
    while True:
        try:
            return await connect_when_up(state.settings.temporal, state.store)
        except (RPCError, RuntimeError, OSError) as error:
            log.warning("Temporal cannot be reached: %s", error)


def main() -> None:
    settings = Settings.load()
    logs.configure("api")
    app = create_app(settings, alongside=worker_alongside)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(app, settings))
    settle()


if __name__ == "__main__":
    main()
