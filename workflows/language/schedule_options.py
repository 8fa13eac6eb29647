"""How a schedule is kept, in `document.metadata.schedule`: the standard says when a workflow starts and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workflows.language.durations import DurationError, parse_duration
from workflows.language.shapes import part

OPTIONS = ("timezone", "overlap", "catchUp", "jitter")
OVERLAPS = ("skip", "buffer_one", "cancel_other", "allow_all")
CATCH_UP = timedelta(hours=1)
LONGEST_CATCH_UP = timedelta(days=365)
LONGEST_JITTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """What a schedule does about time zones, runs that overlap and moments that were missed.

    Attributes:
        timezone: of a cron expression, as the IANA names it.
        overlap: when the run before has not ended; None is the kind's own: skip for cron, allow_all for every.
        catch_up: how late a moment that was missed may still be started.
        jitter: each start is put off by a random part of this.
    """

    timezone: str = "UTC"
    overlap: str | None = None
    catch_up: timedelta = CATCH_UP
    jitter: timedelta = timedelta(0)


def schedule_options(document: Mapping[str, object]) -> ScheduleOptions:
    """The options of a document that `validate` has passed; raises DurationError else."""
    given = part(part(part(document, "document"), "metadata"), "schedule")
    overlap = given.get("overlap")
    return ScheduleOptions(
        timezone=str(given.get("timezone", "UTC")),
        overlap=None if overlap is None else str(overlap),
        catch_up=length_of(given["catchUp"], LONGEST_CATCH_UP) if "catchUp" in given else CATCH_UP,
        jitter=length_of(given["jitter"], LONGEST_JITTER) if "jitter" in given else timedelta(0),
    )


def length_of(value: object, longest: timedelta) -> timedelta:
    """A fixed length. Raises DurationError."""
    length = parse_duration(value)
    if not isinstance(length, timedelta):
        raise DurationError("months and years have no fixed length", "use days")
    if length > longest:
        raise DurationError(f"it may be at most {longest.days} days", "write a shorter one")
    return length


def is_timezone(name: object) -> bool:
    """Whether this names a time zone."""
    try:
        ZoneInfo(cast("str", name))
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return False
    return True
