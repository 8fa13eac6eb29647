"""Checks `document.metadata.schedule`: time zone, overlap, catching up and jitter."""

from collections.abc import Mapping
from datetime import timedelta

from workflows.language.durations import DurationError
from workflows.language.issues import IssueCode
from workflows.language.schedule_options import (
    LONGEST_CATCH_UP,
    LONGEST_JITTER,
    OPTIONS,
    OVERLAPS,
    is_timezone,
    length_of,
)
from workflows.language.validation.checker import Checker
from workflows.language.validation.reporter import shown

_POINTER = "/document/metadata/schedule"
_LENGTHS: Mapping[str, timedelta] = {"catchUp": LONGEST_CATCH_UP, "jitter": LONGEST_JITTER}


def check_schedule_options(checker: Checker, metadata: Mapping[str, object]) -> None:
    """Report what is wrong with the options of a document's metadata, if there are any."""
    if "schedule" not in metadata:
        return
    options = checker.fields(metadata["schedule"], _POINTER, OPTIONS, what="schedule")
    if options is None:
        return
    if "timezone" in options and not is_timezone(options["timezone"]):
        message = f"{shown(options['timezone'])} is no time zone"
        checker.error(f"{_POINTER}/timezone", IssueCode.INVALID_VALUE, message, 'write "Europe/Berlin" or "UTC"')
    if "overlap" in options:
        checker.one_of(options["overlap"], f"{_POINTER}/overlap", OVERLAPS)
    for name, longest in _LENGTHS.items():
        if name not in options:
            continue
        try:
            length_of(options[name], longest)
        except DurationError as error:
            checker.error(f"{_POINTER}/{name}", IssueCode.INVALID_VALUE, error.fault, error.hint)
