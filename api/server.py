"""The HTTP server: one process, one event loop, stopped by a signal."""

import asyncio
import signal
from typing import cast

from fastapi import FastAPI
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from zilliance.settings import Settings

HEADER_READ_TIMEOUT_MS = 5_000  # a half-sent header must not hold a connection (granian's own default is 30 s)


async def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests end."""
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
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await cast("asyncio.Future[None]", server.serve())
