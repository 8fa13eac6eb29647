"""Checks the `schedule` of a document: one kind, and that it can be kept."""

from typing import TYPE_CHECKING

from workflows.language.cron import CronError, check_cron
from workflows.language.durations import DurationError, lasting
from workflows.language.issues import IssueCode
from workflows.language.schedules import KINDS, interval_of
from workflows.language.validation.events import READS, check_strategy
from workflows.language.validation.reporter import kind_of
from workflows.language.validation.scope import ALWAYS, Scope

if TYPE_CHECKING:
    from workflows.language.validation.parts import PartChecks

_POINTER = "/schedule"
_CRON_EXAMPLE = 'write "0 6 * * mon-fri" for 6:00 UTC on working days'


def check_schedule(checker: "PartChecks", value: object) -> None:
    """The whole block; nothing of it can be computed, since no execution exists yet."""
    schedule = checker.fields(value, _POINTER, (*KINDS, "read"), what="schedule")
    if schedule is None:
        return
    given = [kind for kind in KINDS if kind in schedule]
    if len(given) != 1:
        message = f"a schedule is exactly one of {', '.join(KINDS)}" + (f", not {' and '.join(given)}" if given else "")
        checker.error(_POINTER, IssueCode.INVALID_VALUE, message, "keep one of them, or make a workflow for each")
    if "read" in schedule:
        checker.one_of(schedule["read"], f"{_POINTER}/read", READS)
        if "on" not in schedule:
            message = "read says which part of an event is the input, and belongs to on"
            checker.error(f"{_POINTER}/read", IssueCode.INVALID_VALUE, message, "remove it")
    if "cron" in schedule:
        _check_cron(checker, schedule["cron"])
    for kind, parse in (("every", interval_of), ("after", lasting)):
        if kind in schedule:
            try:
                parse(schedule[kind])
            except DurationError as error:
                checker.error(f"{_POINTER}/{kind}", IssueCode.INVALID_VALUE, error.fault, error.hint)
    if "on" in schedule:
        check_strategy(checker, schedule["on"], f"{_POINTER}/on", Scope(available=ALWAYS))


def _check_cron(checker: "PartChecks", value: object) -> None:
    at = f"{_POINTER}/cron"
    if not isinstance(value, str):
        checker.error(at, IssueCode.WRONG_TYPE, f"cron must be text, not {kind_of(value)}", _CRON_EXAMPLE)
        return
    try:
        check_cron(value)
    except CronError as error:
        checker.error(at, IssueCode.INVALID_VALUE, str(error), _CRON_EXAMPLE)
