"""Named options of every activity call: how long an attempt may take and what is tried again."""

from collections.abc import Mapping
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

# A call ends itself at its own timeout with a fault; what is repeated here is a call whose worker died, or whose large
# arguments could not be read while the S3 store was away.
_AFTER_A_DEATH = RetryPolicy(
    maximum_attempts=20, maximum_interval=timedelta(minutes=1), non_retryable_error_types=FINAL_ERRORS
)
_GRACE_SECONDS = 5.0
# A large result is kept under heartbeats until the S3 store takes it: the call itself is not made again.
_STORE_OUTAGE = timedelta(hours=6)

# What a call may take when no timeout is around it, by its kind.
CALL_SECONDS: Mapping[str, float] = {
    "openapi": 60.0,  # the document may have to be fetched first
    "grpc": 60.0,
    "asyncapi": 60.0,
    # These work rather than answer.
    "a2a": 120.0,
    "mcp": 120.0,
    "script": 120.0,
    "shell": 120.0,
    "container": 300.0,
}
DEFAULT_CALL_SECONDS = 30.0
LONGEST_CALL_SECONDS = 600.0

# A regular activity for its side effect alone: it ends the workflow task, and so sends what has piled up.
FLUSH = ActivityConfig(start_to_close_timeout=timedelta(seconds=10))

UPKEEP = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(maximum_attempts=3),
)


# A step of a job deals with its executions one by one. It is repeated until it works: its row says where it is.
JOB = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=5), heartbeat_timeout=timedelta(seconds=30), retry_policy=_UNTIL_IT_WORKS
)


def row(summary: str) -> LocalActivityConfig:
    """A call of a table function, shown under its name."""
    return {**ROW, "summary": summary}


def call_seconds(kind: str, timeout: float | None) -> float:
    """How long a call may take: its own limit, or its kind's, and never more than the longest."""
    return min(timeout or CALL_SECONDS.get(kind, DEFAULT_CALL_SECONDS), LONGEST_CALL_SECONDS)


def call_short(seconds: float, summary: str) -> LocalActivityConfig:
    """A call that may be repeated and ends within seconds."""
    closes = timedelta(seconds=seconds + _GRACE_SECONDS)
    return {**ROW, "start_to_close_timeout": closes, "summary": summary}


def call(seconds: float, summary: str) -> ActivityConfig:
    """Any other call: its result is recorded at once, and heartbeats tell when its worker has died."""
    closes = timedelta(seconds=seconds + _GRACE_SECONDS) + _STORE_OUTAGE
    return {
        "start_to_close_timeout": closes,
        "heartbeat_timeout": timedelta(seconds=15),
        "retry_policy": _AFTER_A_DEATH,
        "summary": summary,
    }


# What a function meets may pass: a mail server that is away, say. Then the task fails with what it met last.
_FOR_A_WHILE = RetryPolicy(
    maximum_attempts=10, maximum_interval=timedelta(seconds=30), non_retryable_error_types=FINAL_ERRORS
)
FUNCTION_SECONDS = 30.0


def function(seconds: float, summary: str) -> ActivityConfig:
    """A call of a function that is no statement of PostgreSQL; an attempt ends itself within so many seconds."""
    closes = timedelta(seconds=seconds + _GRACE_SECONDS)
    return {"start_to_close_timeout": closes, "retry_policy": _FOR_A_WHILE, "summary": summary}


# What keeps a provider of models from answering passes in most cases, and often it says itself when. The door ends what
# was tried too often, and does not count the waiting for a limit. A worker that is thought dead and is not pays twice:
# there is no haste.
_WHILE_A_PROVIDER_RECOVERS = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=1),
    non_retryable_error_types=FINAL_ERRORS,
)


# Cleaning a long tutorial takes seconds, and its texts may travel by way of the S3 store.
SAVE = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10), retry_policy=_UNTIL_IT_WORKS, summary="save the tutorial"
)


def model(summary: str) -> ActivityConfig:
    """A call of a language model; an attempt ends itself by the operator's own timeouts."""
    return {
        "schedule_to_close_timeout": timedelta(days=1),
        "start_to_close_timeout": timedelta(hours=2),
        "heartbeat_timeout": timedelta(seconds=20),
        "retry_policy": _WHILE_A_PROVIDER_RECOVERS,
        "summary": summary,
    }
