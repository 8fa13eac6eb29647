"""Durations of the language: a map of units or ISO 8601 text, constant or computed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, cast

import isodate  # pyright: ignore[reportMissingTypeStubs]  its annotations are inline, without the marker

# Months and years have no length until the moment is known from which they count.
Length: TypeAlias = timedelta | isodate.Duration

UNITS = ("days", "hours", "minutes", "seconds", "milliseconds")

# The standard's own pattern; isodate alone would take signs and other shapes.
_ISO = re.compile(
    r"P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?"
    r"(T(?=\d)(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?"
)
_LONGEST = timedelta(days=36_500)
_LONGEST_TEXT = 64
ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # what months count from as long as nobody knows
_EXAMPLE = 'write it as a map such as {"seconds": 5} or as ISO 8601 text such as "PT5S"'


class DurationError(ValueError):
    """The value is not a duration: the message says why, `fault` alone, and how to write one, `hint` alone."""

    def __init__(self, fault: str, hint: str = _EXAMPLE) -> None:
        super().__init__(f"{fault}: {hint}")
        self.fault = fault
        self.hint = hint


def parse_duration(value: object) -> Length:
    """Read a duration; months and years stay calendar units until `seconds_of` is told the moment."""
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, Mapping):
        return _from_units(cast("Mapping[str, object]", value))
    raise DurationError(f"{value!r:.80} is not a duration")


def lasting(value: object) -> Length:
    """Read one that is kept for later. Raises DurationError, also for what is too long to be waited for then."""
    length = parse_duration(value)
    seconds_of(length, ANY_DAY)
    return length


def seconds_of(duration: Length, now: datetime) -> float:
    """The length from `now` on."""
    try:
        length = duration if isinstance(duration, timedelta) else cast("timedelta", duration.totimedelta(start=now))  # pyright: ignore[reportUnknownMemberType]
    except (OverflowError, ValueError) as error:
        raise DurationError(
            f"the duration {duration} does not fit the calendar from {now.isoformat()}", "write a shorter one"
        ) from error
    if length > _LONGEST:
        raise DurationError("a duration may be at most 100 years", "write a shorter one")
    return length.total_seconds()


def _from_text(text: str) -> Length:
    if len(text) > _LONGEST_TEXT or _ISO.fullmatch(text) is None:
        raise DurationError(f"{text!r:.80} is not an ISO 8601 duration")
    try:
        return cast("Length", isodate.parse_duration(text))  # pyright: ignore[reportUnknownMemberType]
    except (isodate.ISO8601Error, OverflowError, ValueError) as error:
        raise DurationError(f"{text!r} is not an ISO 8601 duration") from error


def _from_units(units: Mapping[str, object]) -> timedelta:
    if not units:
        raise DurationError("an empty map is not a duration")
    for unit, amount in units.items():
        if unit not in UNITS:
            raise DurationError(f"unknown unit {unit!r:.80}", f"use {', '.join(UNITS)}")
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
            raise DurationError(f"{unit} must be a whole number of 0 or more, not {amount!r:.80}")
    try:
        return timedelta(**cast("dict[str, int]", dict(units)))
    except OverflowError as error:
        raise DurationError("a duration may be at most 100 years", "write a shorter one") from error
