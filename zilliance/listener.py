"""Hears what PostgreSQL notifies on a channel, over one connection of its own that is dialled again after an outage."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Callable

    from zilliance.connections import Connection
    from zilliance.settings import DatabaseSettings, Login

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
PROBE_SECONDS = 30.0  # a peer that vanished without a word is noticed only when something is sent to it

_BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
_log = logging.getLogger(__name__)


async def listen(settings: DatabaseSettings, login: Login, channel: str, heard: Callable[[str], None]) -> None:
    """Call `heard` with each payload, until cancelled.

    It is called with an empty payload whenever listening begins: what was notified before has been missed.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            connection = await asyncpg.connect(
                settings.dsn(login), timeout=10, server_settings={"application_name": f"listener {channel}"}
            )
        except _BROKEN as error:
            _log.warning("PostgreSQL cannot be listened to; trying again in %.1f s: %s", pause, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        try:
            await _hear(connection, channel, heard)
        except _BROKEN as error:
            _log.warning("The connection that listened to PostgreSQL broke: %s", error)
            await asyncio.sleep(pause)
        finally:
            connection.terminate()


async def _hear(connection: Connection, channel: str, heard: Callable[[str], None]) -> None:
    """Returns or raises when the connection is gone."""
    closed = asyncio.Event()

    def end(_connection: object) -> None:
        closed.set()

    def note(_connection: object, _process: int, _channel: str, payload: object) -> None:
        heard(str(payload))

    connection.add_termination_listener(end)
    await connection.add_listener(channel, note)
    heard("")
    while not closed.is_set():
        try:
            await asyncio.wait_for(closed.wait(), PROBE_SECONDS)
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=10)
