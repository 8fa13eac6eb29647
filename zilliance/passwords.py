"""Passwords: argon2id in two threads of their own, so that hashing neither holds the event loop nor piles up."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from zilliance.errors import UnavailableError

Result = TypeVar("Result")

MAX_LENGTH = 128  # whole: a password is refused rather than cut
THREADS = 2  # hashing is bound by cores: more threads raise the waiting, not the rate
MAX_WAITING = 50

# OWASP's smallest for argon2id; about 20 ms.
_HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1, hash_len=32, salt_len=16)

# What an account that is not there is checked against: the same parameters, and the hash of nothing that is known.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43


class _Workers:
    """The threads, and how many may wait for them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(THREADS + MAX_WAITING)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do `work` in a thread. Raises UnavailableError when too much waits already."""
        if not self._places.acquire(blocking=False):
            raise UnavailableError("Too many sign-ins at once; try again shortly", code="over_request_rate_limit")
        future = self._threads.submit(work)
        future.add_done_callback(
            lambda _: self._places.release()
        )  # not `finally`: a caller that goes away leaves its hash running
        return await asyncio.wrap_future(future)


_WORKERS = _Workers()


async def hash_password(password: str) -> str:
    """The password's argon2id hash, with its parameters and salt in it. Raises UnavailableError."""
    return await _WORKERS.run(lambda: _HASHER.hash(password))


async def verify_password(password: str, encoded: str | None) -> bool:
    """Whether the password is the one of `encoded`.

    Without a hash (nobody of that name, or an account without a password) the answer is no, at the same cost.
    Raises UnavailableError.
    """
    fits = len(password) <= MAX_LENGTH
    matches = await _WORKERS.run(lambda: _matches(password if fits else "", encoded or _NOBODY))
    return matches and fits and encoded is not None


def needs_rehash(encoded: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(encoded)


def _matches(password: str, encoded: str) -> bool:
    try:
        return _HASHER.verify(encoded, password)
    except (VerificationError, InvalidHashError):
        return False
