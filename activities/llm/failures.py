"""The ways in which a call of a provider ends without an answer, each with its code; which are tried again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.exceptions import ApplicationError

from workflows.contracts.ai import Code
from workflows.faults import FAULT
from workflows.language.problems import Kind, Problem

LONGEST_WAIT_SECONDS = 3600.0  # that a provider may ask for; who is told to wait longer ends
_DETAIL_CHARACTERS = 1000


class Outcome(StrEnum):
    """How a call ended, as its row says it."""

    COMPLETED = "completed"
    INVALID = "invalid"  # an answer, and not what was asked for
    REFUSED = "refused"
    FAILED = "failed"
    CUT = "cut"
    CANCELLED = "cancelled"


# What a workflow is told of it. The provider's refusal of the operator's key or request is no fault of the caller's.
_SAID: Mapping[Code, tuple[Kind, int]] = {
    Code.NOT_CONFIGURED: (Kind.CONFIGURATION, 503),
    Code.MODEL_NOT_ALLOWED: (Kind.VALIDATION, 400),
    Code.SCHEMA_INVALID: (Kind.VALIDATION, 400),
    Code.REQUEST_INVALID: (Kind.VALIDATION, 400),
    Code.TOO_MANY_CALLS: (Kind.RUNTIME, 429),
    Code.TOKENS_EXHAUSTED: (Kind.RUNTIME, 429),
    Code.BUDGET_EXHAUSTED: (Kind.RUNTIME, 402),
    Code.RATE_LIMITED: (Kind.COMMUNICATION, 429),
    Code.CREDITS_EXHAUSTED: (Kind.COMMUNICATION, 402),
    Code.KEY_REFUSED: (Kind.COMMUNICATION, 502),
    Code.UNAVAILABLE: (Kind.COMMUNICATION, 503),
    Code.STREAM_CUT: (Kind.COMMUNICATION, 502),
    Code.REDIRECTED: (Kind.COMMUNICATION, 502),
    Code.REQUEST_REFUSED: (Kind.COMMUNICATION, 502),
    Code.CONTEXT_TOO_LONG: (Kind.VALIDATION, 400),
    Code.CONTENT_REFUSED: (Kind.RUNTIME, 400),
    Code.ANSWER_TOO_LARGE: (Kind.RUNTIME, 502),
    Code.ANSWER_TRUNCATED: (Kind.RUNTIME, 502),
    Code.ANSWER_EMPTY: (Kind.RUNTIME, 502),
    Code.ANSWER_INVALID: (Kind.RUNTIME, 502),
}

# The same may work later; everything else ends at once.
PASSING = frozenset({Code.TOO_MANY_CALLS, Code.RATE_LIMITED, Code.UNAVAILABLE, Code.STREAM_CUT})


@dataclass(eq=False)
class ChatError(Exception):
    """There is no answer.

    Attributes:
        detail: for a person, without anything secret.
        status: of HTTP, as the provider gave it.
        wait_seconds: how long to wait before it is tried again; None: as the activity's options say.
        lacks: a parameter that the gateway does not take: the call is made again without it.
        always_lacks: so are later ones.
        is_last: it was tried often enough.
    """

    code: Code
    detail: str
    status: int | None = None
    wait_seconds: float | None = None
    outcome: Outcome = Outcome.FAILED
    lacks: str | None = None
    always_lacks: bool = False
    is_last: bool = False
    request_id: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"

    @property
    def is_passing(self) -> bool:
        return self.code in PASSING and not self.is_last and (self.wait_seconds or 0.0) <= LONGEST_WAIT_SECONDS

    def as_fault(self) -> ApplicationError:
        """What the activity raises."""
        kind, status = _SAID[self.code]
        detail = self.detail[:_DETAIL_CHARACTERS]
        wait = None if self.wait_seconds is None or not self.is_passing else timedelta(seconds=self.wait_seconds)
        return ApplicationError(
            detail,
            Problem.of(kind, f"{self.code}: {detail}", status=status).as_json(),
            {"code": self.code.value},
            type=FAULT,
            non_retryable=not self.is_passing,
            next_retry_delay=wait,
        )
