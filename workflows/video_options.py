"""Options of the activities of videos: where each runs, how long it may take, and what is tried again."""

from datetime import timedelta
from uuid import UUID

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityConfig

from workflows.contracts.video import QualityClass, Rung
from workflows.names import TaskQueue
from workflows.options import FINAL_ERRORS

HEARTBEAT = timedelta(seconds=10)  # a worker that is gone is noticed so soon
LONGEST_RUN = timedelta(hours=48)

# A worker that dies, a store that is away: both come back, and a run waits for them. What the source is to blame for is
# not tried again, and what may be its fault a few times (activities.media.refusals).
_RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    maximum_interval=timedelta(seconds=30),
    non_retryable_error_types=FINAL_ERRORS,
)

_FIRST = 1  # of the priorities 1 to 5: what somebody waits for who wants to watch now
_LATER = {QualityClass.SD: 3, QualityClass.HD: 4, QualityClass.UHD: 5}
_LEAST_SECONDS = 300.0
# Of a class's largest rung, for each second of the source, on a core that is busy with other things, too.
_SECONDS_A_MEGAPIXEL = 60.0


def light(owner: UUID, summary: str, *, seconds: float) -> ActivityConfig:
    """What waits behind no encoding; `seconds` are those of the source that it reads."""
    return _media(TaskQueue.MEDIA_LIGHT, owner, summary, priority=_FIRST, seconds=_LEAST_SECONDS + seconds)


def sound(owner: UUID, summary: str, *, duration: float) -> ActivityConfig:
    """Sound is encoded ten times as fast as it lasts even where much else is done."""
    return _media(TaskQueue.MEDIA, owner, summary, priority=_FIRST, seconds=_LEAST_SECONDS + duration)


def chunk(owner: UUID, summary: str, *, rungs: list[Rung], duration: float, is_first: bool) -> ActivityConfig:
    """One chunk of a class; the first of all goes ahead of whatever else is encoded."""
    megapixels = max(rung.width * rung.height for rung in rungs) / 1e6
    return _media(
        TaskQueue.MEDIA_LIGHT if is_first else TaskQueue.MEDIA,
        owner,
        summary,
        priority=_FIRST if is_first else _LATER[rungs[0].quality],
        seconds=_LEAST_SECONDS + _SECONDS_A_MEGAPIXEL * megapixels * duration,
    )


def _media(queue: TaskQueue, owner: UUID, summary: str, *, priority: int, seconds: float) -> ActivityConfig:
    return {
        "task_queue": queue,
        "start_to_close_timeout": timedelta(seconds=seconds),
        "heartbeat_timeout": HEARTBEAT,
        "retry_policy": _RETRIES,
        # What is rolled back must not be written to any more.
        "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        # Owners take turns for the slots, however many videos each of them has.
        "priority": Priority(priority_key=priority, fairness_key=str(owner)),
        "summary": summary,
    }


# Objects are deleted until the store lets go of them; the sweep comes by later in any case.
DISCARD = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30), maximum_attempts=20
    ),
)
