"""The HTTP server: one process, one event loop, stopped by a signal."""

import asyncio
import resource
import signal
from typing import cast

from fastapi import FastAPI
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from api.state import AppState
from zilliance.garbage import spare_what_stays
from zilliance.settings import Settings

OPEN_FILES = 8192  # a request through the gateway takes two; many systems give a process 1024 until it asks for more
HEADER_READ_TIMEOUT_MS = 5_000  # a half-sent header must not hold a connection (granian's own default is 30 s)


async def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests end: those that last are given a while."""
    server = Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_TIMEOUT_MS),
        log_access=False,
        backlog=1024,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        platform = getattr(app.state, "platform", None)
        if isinstance(platform, AppState):  # it is there when the application has started
            platform.stop()
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    _allow_open_files()
    spare_what_stays()
    await cast("asyncio.Future[None]", server.serve())


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
