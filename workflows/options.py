"""Named options of every activity call: how long an attempt may take and what is tried again."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

# Faults of workflows and bugs of ours: trying again would say the same.
FINAL_ERRORS = [
    "AssertionError",
    "AttributeError",
    "IndexError",
    "KeyError",
    "NotImplementedError",
    "TypeError",
    "ValueError",
]

# An outage of PostgreSQL ends some day, and an execution waits for it rather than end without its row.
_UNTIL_IT_WORKS = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=10),
    non_retryable_error_types=FINAL_ERRORS,
)

ROW = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=15),
    retry_policy=_UNTIL_IT_WORKS,
    # Longer pauses are timers of the server: the workflow task is not held meanwhile.
    local_retry_threshold=timedelta(seconds=5),
)

PAUSE = LocalActivityConfig(start_to_close_timeout=timedelta(seconds=10), retry_policy=RetryPolicy(maximum_attempts=3))

# A call ends itself at its own timeout with a fault; what is repeated here is a call whose worker died.
_AFTER_A_DEATH = RetryPolicy(maximum_attempts=3, non_retryable_error_types=FINAL_ERRORS)
_GRACE_SECONDS = 5.0

# A regular activity for its side effect alone: it ends the workflow task, and so sends what has piled up.
FLUSH = ActivityConfig(start_to_close_timeout=timedelta(seconds=10))

UPKEEP = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(maximum_attempts=3),
)


def row(summary: str) -> LocalActivityConfig:
    """A call of a table function, shown under its name."""
    return {**ROW, "summary": summary}


def http_short(seconds: float, summary: str) -> LocalActivityConfig:
    """A call that may be repeated and ends within seconds."""
    closes = timedelta(seconds=seconds + _GRACE_SECONDS)
    return {"start_to_close_timeout": closes, "retry_policy": _AFTER_A_DEATH, "summary": summary}


def http(seconds: float, summary: str) -> ActivityConfig:
    """Any other call: its result is recorded at once, and heartbeats tell when its worker has died."""
    closes = timedelta(seconds=seconds + _GRACE_SECONDS)
    return {
        "start_to_close_timeout": closes,
        "heartbeat_timeout": timedelta(seconds=15),
        "retry_policy": _AFTER_A_DEATH,
        "summary": summary,
    }
