"""Cron expressions of five fields: what they may be, whether they ever match, and how Temporal is told of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# The most days that each month can have.
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(?P<range>\*|(?P<first>[a-z]{3}|\d{1,4})(?:-(?P<last>[a-z]{3}|\d{1,4}))?)(?:/(?P<step>\d{1,4}))?")
_LONGEST = 256


class CronError(ValueError):
    """The text is no cron expression; the message says which field is wrong and how."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: Mapping[str, int]


_FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of the month", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)


def check_cron(text: str) -> None:
    """Raise `CronError` for what is not five fields of numbers, names, ranges, lists and steps, or never matches."""
    if len(text) > _LONGEST:
        raise CronError(f"a cron expression has at most {_LONGEST} characters")
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise CronError(f"a cron expression has five fields ({names}), and this one has {len(parts)}")
    _, _, days, months, _ = (_values(part, field) for part, field in zip(parts, _FIELDS, strict=True))
    # A day of the week beside it may suffice, so that only a date that must come is known never to.
    if _must_both_match(parts) and min(days) > max(_LENGTHS[month - 1] for month in months):
        raise CronError("no month that is named has such a day: it would never run")


def conjunctions(text: str) -> list[str]:
    """What `check_cron` has passed as expressions of which each matches where all of its fields do, as Temporal wants.

    A moment may match several of them; it is one moment to Temporal, too.
    """
    minute, hour, day, month, weekday = parts = text.lower().split()
    if _must_both_match(parts):
        return [" ".join(parts)]
    return [f"{minute} {hour} {day} {month} *", f"{minute} {hour} * {month} {weekday}"]


def most_matches(text: str, start: date, end: date) -> int:
    """At most how many moments from one day to another match an expression that `check_cron` has passed."""
    parts = text.lower().split()
    minutes, hours, days, months, weekdays = (_values(part, field) for part, field in zip(parts, _FIELDS, strict=True))
    weekdays = {day % 7 for day in weekdays}
    matching = 0
    for ordinal in range(start.toordinal(), end.toordinal() + 1):
        day = date.fromordinal(ordinal)
        named = (day.day in days, day.isoweekday() % 7 in weekdays)
        matching += day.month in months and (all(named) if _must_both_match(parts) else any(named))
    return matching * len(hours) * len(minutes)


def _must_both_match(parts: Sequence[str]) -> bool:
    """Of the two fields that name days one suffices, unless either begins with a star: so cron has always read them."""
    return "*" in (parts[2][0], parts[4][0])


def _values(text: str, field: _Field) -> set[int]:
    return set[int]().union(*(_range(part, field) for part in text.split(",")))


def _range(text: str, field: _Field) -> range:
    match = _PART.fullmatch(text)
    if match is None:
        raise CronError(f"{text!r:.40} is not a {field.name}: use {field.least}-{field.most}, *, lists, ranges, steps")
    step = int(match["step"] or 1)
    if step < 1:
        raise CronError(f"the step of {text!r:.40} must be 1 or more")
    if match["range"] == "*":
        return range(field.least, field.most + 1, step)
    first = _number(match["first"], field)
    last = _number(match["last"], field) if match["last"] else field.most if match["step"] else first
    if first > last:
        raise CronError(f"the range {text!r:.40} of the {field.name} ends before it begins")
    return range(first, last + 1, step)


def _number(text: str, field: _Field) -> int:
    number = int(text) if text.isdecimal() else field.names.get(text)
    if number is None or not field.least <= number <= field.most:
        raise CronError(f"{text!r:.40} is not a {field.name}: use {field.least} to {field.most}")
    return number
