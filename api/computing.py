"""Work that computes for a while, on threads beside the event loop: so much at once for each caller, and for all."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

from zilliance.errors import RateLimitedError, UnavailableError

T = TypeVar("T")

FOR_EACH = 2
THREADS = FOR_EACH + 1  # whatever one account has under way, another finds one
FOR_ALL = 12  # under way and waiting
# Threads take turns: at Python's 5 ms a turn, every request beside such work would wait for several of them.
TURN_SECONDS = 0.0005


class Computing:
    """A few threads, and who is using them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="computing")
        self._users: Counter[UUID | None] = Counter()

    async def run(self, caller: UUID | None, work: Callable[[], T]) -> T:
        """What the work gives. It must end by itself: a caller who goes away does not stop it.

        Raises RateLimitedError when the caller has too much under way, UnavailableError when all together have.
        """
        if self._users[caller] >= FOR_EACH:
            message = f"At most {FOR_EACH} of these can be under way for one account; wait for one to end"
            raise RateLimitedError(message, headers={"Retry-After": "1"})
        if self._users.total() >= FOR_ALL:
            raise UnavailableError("Too many of these are under way; try again shortly", retry_after=1)
        sys.setswitchinterval(min(sys.getswitchinterval(), TURN_SECONDS))
        self._users[caller] += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(lambda done: self._leave(caller, done))
        # Shielded, so that the place is given back when the work ends and not when its caller goes.
        return await asyncio.shield(future)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, caller: UUID | None, done: asyncio.Future[T]) -> None:
        _ = done.cancelled() or done.exception()  # seen, should nobody wait for it any more
        self._users[caller] -= 1
        if not self._users[caller]:
            del self._users[caller]
