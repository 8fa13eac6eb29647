"""Text of an answer, kept for readers while it comes, in pieces of some tenths of a second."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from zilliance.database import PostgresError
from zilliance.errors import AppError

PERIOD_SECONDS = 0.15

log = logging.getLogger(__name__)


class Deltas:
    """What one call has said and its readers have not been told.

    Args:
        keep: writes a piece down; None when nobody reads.
    """

    def __init__(self, keep: Callable[[str], Awaitable[None]] | None) -> None:
        self._keep = keep
        self._pending: list[str] = []
        self._writing: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()

    def say(self, text: str) -> None:
        if self._keep is None:
            return
        self._pending.append(text)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(self._keep))

    async def rest(self) -> str | None:
        """Stop, and hand over what is not written down yet; None when nobody reads."""
        if self._keep is None:
            return None
        self._ending.set()
        if self._writing is not None:
            # Not cancelled: nobody could tell then whether its piece was written down.
            await self._writing
        rest, self._pending = "".join(self._pending), []
        return rest

    async def _write(self, keep: Callable[[str], Awaitable[None]]) -> None:
        """Write down what there is after a moment. What fails is said with what comes next."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), PERIOD_SECONDS)
            return  # the rest goes with the end
        pieces, self._pending = self._pending, []
        try:
            await keep("".join(pieces))
        except (AppError, PostgresError) as error:
            # Readers wait; the answer itself does not depend on it.
            log.warning("a piece of an answer could not be kept for its readers: %s", error)
            self._pending = [*pieces, *self._pending]
