"""An outage is waited for, and what nobody foresaw is tried a few times."""

import errno
from typing import Any

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.media.patience import MOST_UNFORESEEN, UNFORESEEN, Patience
from workflows.video.failures import run_is_over
from zilliance.errors import UnavailableError
from zilliance.storage import RefusedByStoreError

PASSING = (
    UnavailableError("The database cannot be reached"),
    asyncpg.DeadlockDetectedError("deadlock detected"),
    asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
    asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE in a read-only transaction"),
    OSError(errno.ENOSPC, "No space left on device"),
    ConnectionResetError(),
    TimeoutError(),
    run_is_over(),
)
UNKNOWN = (
    RuntimeError("a bug"),
    asyncpg.UndefinedColumnError("no such column"),
    FileNotFoundError("a bug"),
    RefusedByStoreError("no"),
)


class Activity(ActivityInboundInterceptor):
    """What is under way: it fails with what it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ARG002  the SDK's
        if self.error is not None:
            raise self.error


class Attempts:
    """Attempts at one activity, one after the other."""

    def __init__(self) -> None:
        self._activity = Activity()
        self._worker = Patience().intercept_activity(self._activity)

    async def attempt(self, error: Exception | None) -> Exception | None:
        self._activity.error = error
        asked = ExecuteActivityInput(fn=self.attempt, args=(), executor=None, headers={})
        try:
            await ActivityEnvironment().run(self._worker.execute_activity, asked)
        except Exception as raised:  # noqa: BLE001  whatever it is
            return raised
        return None


@pytest.mark.parametrize("error", PASSING, ids=repr)
async def test_what_passes_by_itself_is_waited_for(error: Exception) -> None:
    attempts = Attempts()
    for _ in range(3 * MOST_UNFORESEEN):
        assert await attempts.attempt(error) is error


@pytest.mark.parametrize("error", UNKNOWN, ids=repr)
async def test_what_nobody_foresaw_is_given_up_after_a_few_times(error: Exception) -> None:
    attempts = Attempts()
    for _ in range(MOST_UNFORESEEN - 1):
        assert await attempts.attempt(error) is error
        assert await attempts.attempt(PASSING[0]) is PASSING[0]  # does not count
    last = await attempts.attempt(error)
    assert isinstance(last, ApplicationError)
    assert (last.type, last.non_retryable) == (UNFORESEEN, True)


async def test_a_success_makes_forget() -> None:
    attempts, error = Attempts(), RuntimeError("a bug")
    for _ in range(2):
        for _ in range(MOST_UNFORESEEN - 1):
            assert await attempts.attempt(error) is error
        assert await attempts.attempt(None) is None
