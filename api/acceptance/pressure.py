"""Whether callers queue to be accepted: this process then does that first, and leaves starts and runs to others."""

import time
from collections.abc import Generator
from contextlib import contextmanager

MANY = 4
# After the last moment with so many; between two waves of callers it is no time to take up something long.
HELD_SECONDS = 0.5


class Pressure:
    """Counts the acceptances under way."""

    def __init__(self) -> None:
        self._under_way = 0
        self._until = 0.0

    @contextmanager
    def accepting(self) -> Generator[None]:
        self._under_way += 1
        if self._under_way >= MANY:
            self._until = time.monotonic() + HELD_SECONDS
        try:
            yield
        finally:
            self._under_way -= 1

    def is_high(self) -> bool:
        return time.monotonic() < self._until
