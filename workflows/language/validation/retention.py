"""Checks `document.metadata.retention`: for how many days an ended execution of the definition is kept."""

from collections.abc import Mapping

from workflows.language.issues import IssueCode
from workflows.language.validation.checker import Checker
from workflows.language.validation.reporter import shown

MOST_DAYS = 3650
_POINTER = "/document/metadata/retention"


def check_retention(checker: Checker, metadata: Mapping[str, object]) -> None:
    """Report what is wrong with the retention of a document's metadata, if there is one."""
    if "retention" not in metadata:
        return
    retention = checker.fields(metadata["retention"], _POINTER, ("days",), required=("days",), what="retention")
    if retention is None or "days" not in retention:
        return
    days = retention["days"]
    if type(days) is not int or not 1 <= days <= MOST_DAYS:
        message = f"{shown(days)} is no number of days: it must be from 1 to {MOST_DAYS}"
        checker.error(f"{_POINTER}/days", IssueCode.INVALID_VALUE, message, 'write "retention": {"days": 7}')
