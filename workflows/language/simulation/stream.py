"""The stream of events in a simulation: nobody outside hears of it, and what happens outside is told beforehand."""

import asyncio
from collections.abc import Mapping, Sequence

from workflows.language.events.filters import Narrowed, evaluate_alone, read_narrowed
from workflows.language.inbox import Inbox


class Stream:
    """The events of one simulated execution.

    Attributes:
        emitted: each event with the key of the task that published it, in order.
        subscriptions: the tasks that listen now, by their keys.
    """

    def __init__(self, inbox: Inbox) -> None:
        self.emitted: list[tuple[str, dict[str, object]]] = []
        self.subscriptions: dict[str, list[Narrowed]] = {}
        self._inbox = inbox
        self._coming: list[tuple[float, Mapping[str, object]]] = []
        self._timers: list[asyncio.TimerHandle] = []

    def expect(self, event: Mapping[str, object], *, after: float = 0.0) -> None:
        """An event that somebody else will publish so many seconds after the first task listens."""
        self._coming.append((after, event))

    def publish(self, event: Mapping[str, object]) -> None:
        """Deliver an event to whoever listens."""
        identity = f"{event.get('source')} {event.get('id')}"
        for key, filters in self.subscriptions.items():
            if any(each.takes(event, evaluate_alone) for each in filters):
                self._inbox.put(key, identity, event)

    async def emit(self, event: Mapping[str, object], *, key: str) -> None:
        await asyncio.sleep(0)
        self.emitted.append((key, dict(event)))
        self.publish(event)

    async def subscribe(self, filters: Sequence[Mapping[str, object]], *, key: str) -> None:
        await asyncio.sleep(0)
        self.subscriptions[key] = [read_narrowed(each) for each in filters]
        loop = asyncio.get_running_loop()
        self._timers += [loop.call_later(after, self.publish, event) for after, event in self._coming]
        self._coming = []

    async def unsubscribe(self, *, key: str) -> None:
        await asyncio.sleep(0)
        self.subscriptions.pop(key, None)
