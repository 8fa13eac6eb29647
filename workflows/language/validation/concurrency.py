"""Checks `document.metadata.concurrency`: how many runs of a definition may be under way at once."""

from collections.abc import Mapping

from workflows.language.issues import IssueCode
from workflows.language.validation.checker import Checker
from workflows.language.validation.reporter import shown

MOST = 10_000
ON_LIMIT = ("queue", "skip", "reject")
_POINTER = "/document/metadata/concurrency"


def check_concurrency(checker: Checker, metadata: Mapping[str, object]) -> None:
    """Report what is wrong with the limit of a document's metadata, if there is one."""
    if "concurrency" not in metadata:
        return
    bound = checker.fields(
        metadata["concurrency"], _POINTER, ("limit", "onLimit"), required=("limit",), what="concurrency"
    )
    if bound is None:
        return
    if "limit" in bound:
        limit = bound["limit"]
        if type(limit) is not int or not 1 <= limit <= MOST:
            message = f"{shown(limit)} is no number of executions: it must be from 1 to {MOST}"
            checker.error(f"{_POINTER}/limit", IssueCode.INVALID_VALUE, message, 'write "limit": 5')
    checker.one_of(bound.get("onLimit", "queue"), f"{_POINTER}/onLimit", ON_LIMIT)
