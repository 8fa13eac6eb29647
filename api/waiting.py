"""How a caller waits for the end of a workflow: the pauses between two looks, for whoever waits for one."""

from collections.abc import Iterator
from typing import Any

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0


def pauses() -> Iterator[float]:
    """Seconds, longer and longer, without an end: what must end is under a timeout."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE)


async def has_closed(handle: WorkflowHandle[Any, Any]) -> bool:
    """Wait until it has, whichever way; False at once when Temporal does not know it yet, or cannot be reached."""
    try:
        await handle.result()
    except WorkflowFailureError:
        return True
    except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
        return False
    return True
