"""What fails as nobody foresaw is tried a few times and no more: a bug of ours fails in the same way each time.

What passes by itself is waited for, however long it lasts: an outage of PostgreSQL or the store, a full disk, a worker
that dies. None of it counts here, so only failures of this process's own attempts do.
"""

import logging
from collections import OrderedDict
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.faults import of_postgres
from zilliance.database import PostgresError
from zilliance.errors import UnavailableError

MOST_UNFORESEEN = 8  # failures of one activity in one process: about a minute
UNFORESEEN = "Unforeseen"
_MOST_KEPT = 10_000  # activities; those that failed longest ago are forgotten first
_WAITED_FOR = {"57014", "55P03", "25006"}  # PostgreSQL is too slow, has it locked, or is a standby just now
# Of the errors of a system, those that a program makes itself.
_OWN_MISTAKES = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError)

log = logging.getLogger(__name__)


class Patience(Interceptor):
    """The interceptor of the workers of one process."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str | None, str], int] = OrderedDict()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  the SDK's
        return _Counting(next, self)

    def failed(self) -> bool:
        """The activity under way has failed as nobody foresaw; whether that was often enough."""
        key = _activity()
        count = self._failures.pop(key, 0) + 1
        if count >= MOST_UNFORESEEN:
            return True
        self._failures[key] = count
        if len(self._failures) > _MOST_KEPT:
            self._failures.popitem(last=False)
        return False

    def succeeded(self) -> None:
        self._failures.pop(_activity(), None)


class _Counting(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, patience: Patience) -> None:  # noqa: A002  the SDK's
        super().__init__(next)
        self._patience = patience

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's
        try:
            result = await super().execute_activity(input)
        except Exception as error:
            if is_foreseen(error) or not self._patience.failed():
                raise
            log.exception("an activity fails again and again in a way that nobody foresaw, and is given up")
            message = f"{type(error).__name__}: {error}"
            raise ApplicationError(message, type=UNFORESEEN, non_retryable=True) from error
        self._patience.succeeded()
        return result


def is_foreseen(error: Exception) -> bool:
    """Whether it says itself what becomes of it, or passes by itself."""
    if isinstance(error, PostgresError):
        return error.sqlstate in _WAITED_FOR or of_postgres(error) is None
    if isinstance(error, OSError):
        return not isinstance(error, _OWN_MISTAKES)
    return isinstance(error, (ApplicationError, MemoryError, UnavailableError))


def _activity() -> tuple[str | None, str]:
    info = activity.info()
    return info.workflow_run_id, info.activity_id
