"""Builtins on dates, always in UTC and never reading a clock."""

import calendar
import math
import re
from datetime import UTC, datetime, timedelta
from typing import cast

from workflows.language.expressions.fuel import Fuel, Json, RaisedError
from workflows.language.expressions.names import Key, ValueFunction
from workflows.language.expressions.values import describe, is_number

_FORMAT = re.compile(r"(?:[^%]|%[-_0^#]?[a-zA-Z%])*")
_LONGEST = 256
_START = (0, 0, 1, 0, 0, 0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _gmtime(_fuel: Fuel, value: Json) -> list[Json]:
    if not is_number(value):
        raise RaisedError("gmtime() requires numeric inputs")
    return _broken_down(_moment(value), value - math.floor(value) if math.isfinite(value) else 0)


def _mktime(_fuel: Fuel, value: Json) -> int:
    return int(_assembled(value, "mktime").timestamp())


def _strftime(_fuel: Fuel, value: Json, form: Json) -> str:
    moment = _moment(value) if is_number(value) else _assembled(value, "strftime/1")
    text = _checked_format(form, "strftime/1")
    seconds = str(calendar.timegm(moment.utctimetuple()))  # C's own %s would read the machine's time zone
    return moment.strftime(re.sub(r"%%|%s", lambda found: found[0] if found[0] == "%%" else seconds, text))


def _strptime(_fuel: Fuel, value: Json, form: Json) -> list[Json]:
    if not isinstance(value, str):
        raise RaisedError(f"strptime/1 requires string inputs and arguments, not {describe(value)}")
    text = _checked_format(form, "strptime/1")
    try:
        moment = datetime.strptime(value[:_LONGEST], text).replace(tzinfo=UTC)
    except (ValueError, re.error):
        raise RaisedError(f'date "{value[:_LONGEST]}" does not match format "{text}"') from None
    return _broken_down(moment, 0)


def _checked_format(form: Json, name: str) -> str:
    if not isinstance(form, str) or len(form) > _LONGEST or not _FORMAT.fullmatch(form):
        raise RaisedError(f"{name} needs a format of plain conversions, not {describe(form)}")
    return form


def _moment(seconds: float) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=math.floor(seconds))
    except (OverflowError, ValueError):
        raise RaisedError(f"{describe(seconds)} is not within the years 1 to 9999") from None


def _assembled(value: Json, name: str) -> datetime:
    """The moment of a broken down time; a field beyond its range carries into the next one, as in C."""
    if not isinstance(value, list):
        raise RaisedError(f"{name} requires parsed datetime inputs")
    given = cast("list[Json]", value)[: len(_START)]
    if not all(map(is_number, given)):
        raise RaisedError(f"{name} requires parsed datetime inputs")
    year, month, day, hour, minute, second = [*given, *_START[len(given) :]]
    try:
        start = datetime(int(year) + int(month) // 12, int(month) % 12 + 1, 1, tzinfo=UTC)
        return start + timedelta(days=int(day) - 1, hours=int(hour), minutes=int(minute), seconds=int(second))
    except (OverflowError, ValueError):
        raise RaisedError(f"{describe(value)} is not within the years 1 to 9999") from None


def _broken_down(moment: datetime, fraction: float) -> list[Json]:
    fields = moment.utctimetuple()
    return [
        fields.tm_year, fields.tm_mon - 1, fields.tm_mday, fields.tm_hour, fields.tm_min, fields.tm_sec + fraction,
        (fields.tm_wday + 1) % 7, fields.tm_yday - 1,
    ]  # fmt: skip


DATES: dict[Key, ValueFunction] = {
    "gmtime/0": _gmtime,
    "mktime/0": _mktime,
    "strftime/1": _strftime,
    "strptime/1": _strptime,
}
