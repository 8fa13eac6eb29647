"""The ways in which the interpreter lets things run beside or within each other, all safe under cancellation."""

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import TypeVar

from workflows.language.problems import Kind, WorkflowFault

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T], *, what: str, instance: str, left: float | None = None) -> T:
    """Await the work, or cancel it and raise a timeout problem; `left` is what is left of the seconds, when not all."""
    try:
        async with asyncio.timeout(seconds if left is None else left):
            return await work
    except TimeoutError as error:
        detail = f"{what} did not finish within {seconds:g} s"
        raise WorkflowFault.of(Kind.TIMEOUT, detail, instance=instance) from error


def begin(work: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Let it run beside. A run that is dropped from memory makes no task, and goes on elsewhere."""
    try:
        return asyncio.create_task(work)
    except BaseException:
        work.close()
        raise


async def shielded(work: Coroutine[object, object, T]) -> tuple[T, bool]:
    """Run to the end whatever cancellation arrives; says with the result whether one did.

    A fault tells nothing, and a document could catch it: where a cancellation came as well, that is raised.
    """
    task = begin(work)
    cancelled = await _wait_out(task)
    try:
        return task.result(), cancelled
    except WorkflowFault as fault:
        if cancelled:
            raise asyncio.CancelledError from fault
        raise


async def cancel_all(tasks: Sequence[asyncio.Task[T]]) -> None:
    """Cancel the tasks and wait until each has ended, so that nothing goes on behind its parent's back."""
    pending = [task for task in tasks if not task.done()]
    for task in pending:
        task.cancel()
    cancelled = False
    for task in pending:
        cancelled = await _wait_out(task) or cancelled
    for task in tasks:
        # Asking marks a fault as seen; the loop would otherwise report those of all branches but the first.
        _ = task.cancelled() or task.exception()
    if cancelled:
        raise asyncio.CancelledError


async def _wait_out(task: asyncio.Task[T]) -> bool:
    """Wait for a task's end without passing cancellation on to it; true when some arrived meanwhile."""
    ended = asyncio.Event()
    task.add_done_callback(lambda _: ended.set())
    cancelled = False
    while not task.done():
        try:
            await ended.wait()
        except asyncio.CancelledError:
            cancelled = True
    return cancelled
