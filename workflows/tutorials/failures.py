"""Why there is no tutorial: a code for programs, a sentence for people, and the HTTP status that says it best."""

from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError
from temporalio.exceptions import TimeoutError as TemporalTimeoutError
from zilliance.errors import UnavailableError

from workflows.contracts.ai import Code
from workflows.json_text import write_json
from workflows.language.shapes import as_map

# Answers that asking again may mend, with what was wrong.
MENDABLE = frozenset({Code.ANSWER_INVALID, Code.ANSWER_TRUNCATED, Code.ANSWER_EMPTY})
INTERNAL = "INTERNAL_ERROR"
INTERNAL_MESSAGE = "An internal error, which the worker's log has"
# Whatever was tried raises UnavailableError, however long: of which part, the worker's log has.
_AWAY_MESSAGE = "A part of the platform was away too long: its database, its files or its workers; resume the run later"
_MOST_CHARACTERS = 2000


class TutorialFailedError(Exception):
    """The run cannot go on by itself; it may be resumed."""

    def __init__(self, code: str, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.code = code
        self.message = message[:_MOST_CHARACTERS]
        self.status = status

    def as_json(self) -> str:
        """As the row keeps it."""
        return write_json({"code": self.code, "message": self.message, "status": self.status})


def failure_of(error: FailureError) -> BaseException:
    """What an activity's failure means for the run; a cancelled activity is a cancelled run.

    That a model does not answer in time is for the door to say, in details: Temporal's timeouts are workers' that died.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, CancelledError):
        return cause
    if isinstance(cause, TemporalTimeoutError):
        if not isinstance(cause.cause, ApplicationError):
            return TutorialFailedError(UnavailableError.code, _AWAY_MESSAGE, UnavailableError.status)
        cause = cause.cause  # what was met at the last try
    if isinstance(cause, ApplicationError) and cause.type == UnavailableError.__name__:
        return TutorialFailedError(UnavailableError.code, _AWAY_MESSAGE, UnavailableError.status)
    if not isinstance(cause, ApplicationError) or not cause.details:
        return TutorialFailedError(INTERNAL, INTERNAL_MESSAGE, 500)
    status = as_map(cause.details[0], "problem").get("status")
    code = as_map(cause.details[1], "code").get("code") if len(cause.details) > 1 else None
    return TutorialFailedError(str(code or INTERNAL), cause.message, status if isinstance(status, int) else 500)
