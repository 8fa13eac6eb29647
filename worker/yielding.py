"""Workflow slots of a worker that shares a process with the API: while callers queue there, it polls no more."""

import asyncio
import threading
from collections.abc import Callable
from typing import final

from temporalio.worker import (
    CustomSlotSupplier,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
)

PAUSE_SECONDS = 0.05
LONGEST_WAIT = 2.0  # nobody else may be polling


@final
class YieldingSlots(CustomSlotSupplier):
    """At most `size` tasks at once; a new one is polled for when the process is not pressed, or after a while.

    Tasks of runs that this process has in memory are not kept waiting: no other worker can take them over at once.
    """

    def __init__(self, size: int, is_pressed: Callable[[], bool]) -> None:
        self._free = size
        self._is_pressed = is_pressed
        self._lock = threading.Lock()  # the SDK's core calls from threads of its own

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:
        waited = 0.0
        while not ctx.is_sticky and self._is_pressed() and waited < LONGEST_WAIT:
            await asyncio.sleep(PAUSE_SECONDS)
            waited += PAUSE_SECONDS
        while (permit := self.try_reserve_slot(ctx)) is None:  # noqa: ASYNC110  slots are freed from other threads
            await asyncio.sleep(PAUSE_SECONDS)
        return permit

    def try_reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit | None:
        del ctx
        with self._lock:
            if self._free <= 0:
                return None
            self._free -= 1
        return SlotPermit()

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        """Nothing: a slot counts from its reservation."""

    def release_slot(self, ctx: SlotReleaseContext) -> None:
        del ctx
        with self._lock:
            self._free += 1
