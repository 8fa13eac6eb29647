"""Checks `metadata.compensateRetry`: how often, and after which pauses, an author's own undo is tried."""

from workflows.language.compensation_retries import MOST_ATTEMPTS
from workflows.language.durations import DurationError, lasting
from workflows.language.issues import IssueCode
from workflows.language.validation.parts import PartChecks
from workflows.language.validation.scope import Scope

_FIELDS = ("delay", "backoff", "limit")


def check_compensation_retry(checker: PartChecks, value: object, pointer: str, scope: Scope) -> None:
    """Report what cannot hold for an undo: it has no conditions, and its numbers are constants within bounds."""
    policy = checker.fields(value, pointer, _FIELDS, what="compensateRetry")
    if policy is None:
        return
    checker.retry({"limit": {"attempt": {"count": 0}}, **policy}, pointer, scope)
    try:
        if "delay" in policy:
            lasting(policy["delay"])
    except DurationError as error:
        checker.error(f"{pointer}/delay", IssueCode.INVALID_VALUE, error.fault, "write a constant, such as PT1S")
    limit = checker.mapping(policy.get("limit", {}), f"{pointer}/limit", "limit")
    count = checker.mapping(limit.get("attempt", {}), f"{pointer}/limit/attempt", "attempt").get("count")
    if isinstance(count, int) and count >= MOST_ATTEMPTS:
        message = f"an undo is tried {MOST_ATTEMPTS} times at most"
        hint = f"write a count below {MOST_ATTEMPTS}"
        checker.error(f"{pointer}/limit/attempt/count", IssueCode.TOO_LARGE, message, hint)
