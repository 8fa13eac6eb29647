"""What has come from outside for tasks that wait: kept in order of arrival until each is taken, and each only once."""

import asyncio
from collections import deque
from collections.abc import Mapping

from workflows.language.problems import Kind, LimitExceeded
from workflows.language.shapes import as_list, as_text, part


class Inbox:
    """The deliveries of one execution.

    A delivery may come before its task waits, since the row that invites it is written first. One that nobody will
    ever take is dropped with its key. Once it is closed nothing more can be waited for.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[object]] = {}
        self._seen: dict[str, set[str]] = {}
        self._arrived = asyncio.Event()
        self._is_closed = False

    def as_json(self) -> dict[str, object]:
        """All of it, for another run to go on with."""
        waiting = {key: list(values) for key, values in self._waiting.items() if values}
        return {"waiting": waiting, "seen": {key: sorted(seen) for key, seen in self._seen.items()}}

    def restore(self, saved: Mapping[str, object]) -> None:
        """Take over what another run had; what has come meanwhile stays behind it."""
        for key, identities in part(saved, "seen").items():
            self._seen.setdefault(key, set()).update(as_text(each, "seen") for each in as_list(identities, "seen"))
        for key, values in part(saved, "waiting").items():
            self._waiting.setdefault(key, deque()).extendleft(reversed(as_list(values, "waiting")))
            self._arrived.set()

    def put(self, key: str, identity: str, value: object) -> None:
        """Keep a delivery, unless one with this identity came to the key before."""
        seen = self._seen.setdefault(key, set())
        if identity in seen:
            return
        seen.add(identity)
        self._waiting.setdefault(key, deque()).append(value)
        self._arrived.set()

    async def take(self, key: str) -> object:
        """The next delivery for the key, as soon as there is one; raises `LimitExceeded` when none may come."""
        while not self._waiting.get(key):
            if self._is_closed:
                detail = "more events and answers came than one run of the execution can take: it waits for no others"
                raise LimitExceeded.of(Kind.RUNTIME, detail)
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting[key].popleft()

    def close(self) -> None:
        """What has come can still be taken, and who waits for more is told."""
        self._is_closed = True
        self._arrived.set()

    def forget(self, key: str) -> None:
        """Drop what nobody took: the task waits no longer. Its repeats are still known."""
        self._waiting.pop(key, None)
