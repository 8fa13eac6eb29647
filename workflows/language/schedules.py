"""When a workflow starts by itself: the document's `schedule` as a structure for those that keep schedules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from workflows.language.cron import CronError, check_cron
from workflows.language.durations import DurationError, Length, lasting, seconds_of
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map, as_text, part

KINDS = ("every", "cron", "after", "on")
SHORTEST = timedelta(seconds=1)

Read = Literal["data", "envelope", "raw"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Exactly one of the four kinds is set.

    Attributes:
        every: the interval between two starts, whether or not the first run has ended.
        cron: five fields, in the time zone of the options.
        after: how long after the end of one run the next begins; `pause_of` says when that is.
        on: the strategy of events, as the document has it; an execution's input is the array of those consumed.
        read: which part of each event that array holds.
    """

    every: timedelta | None = None
    cron: str | None = None
    after: Length | None = None
    on: Mapping[str, object] | None = None
    read: Read = "envelope"


def compile_schedule(document: Mapping[str, object]) -> Schedule | None:
    """The schedule of a document that `validate` has passed; raises `WorkflowFault` of kind configuration else."""
    schedule = part(document, "schedule")
    if not schedule:
        return None
    try:
        return _compile(schedule)
    except (CronError, DurationError) as error:
        raise WorkflowFault.of(Kind.CONFIGURATION, str(error), instance="/schedule") from error


def _compile(schedule: Mapping[str, object]) -> Schedule:
    if "every" in schedule:
        return Schedule(every=interval_of(schedule["every"]))
    if "cron" in schedule:
        cron = as_text(schedule["cron"], "cron")
        check_cron(cron)
        return Schedule(cron=" ".join(cron.split()))
    if "after" in schedule:
        return Schedule(after=lasting(schedule["after"]))
    read = schedule.get("read")
    return Schedule(
        on=as_map(schedule.get("on"), "schedule.on"),
        read="data" if read == "data" else "raw" if read == "raw" else "envelope",
    )


def interval_of(value: object) -> timedelta:
    """A length that is the same at any time; raises `DurationError` for months, years and what is too short."""
    length = lasting(value)
    if not isinstance(length, timedelta):
        raise DurationError("months and years have no fixed length", "use cron, such as 0 0 1 * * for every month")
    if length < SHORTEST:
        raise DurationError("an interval of less than a second is not possible", 'write {"minutes": 5}')
    return length


def pause_of(after: Length, ended: datetime) -> timedelta:
    """How long it is from the end of one run to the next: a second at least, or runs without work would never rest."""
    return max(SHORTEST, timedelta(seconds=seconds_of(after, ended)))
