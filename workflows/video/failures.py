"""Why a video could not be processed, in words that its owner understands."""

import asyncio
from typing import Any, Literal, NamedTuple, cast

from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception
from zilliance.errors import AppError

UNUSABLE = "UnusableVideo"  # the type of an ApplicationError whose detail is `{code, message}`
OVER = "VideoRunOver"  # of one that says that the run is to end, or has ended


class Failure(NamedTuple):
    """How a run is closed that did not work."""

    status: Literal["failed", "cancelled"]
    code: str
    message: str


CANCELLED = Failure("cancelled", "PROCESSING_CANCELLED", "The processing was cancelled.")
_INTERNAL = Failure(
    "failed",
    "PROCESSING_FAILED",
    "The video could not be processed because of a fault of the platform: try again, or ask its operator.",
)
_TIMEOUT = Failure("failed", "PROCESSING_TIMEOUT", "The processing took longer than it may.")
_UNDECODABLE = Failure("failed", "CORRUPT_MEDIA", "Not a single picture of the video could be decoded.")


class UndecodableError(Exception):
    """The inspection could decode a picture, but the encoder found none."""


def run_is_over() -> ApplicationError:
    """What an activity raises when nobody wants the run any more."""
    return ApplicationError("the run has ended, or is to end", type=OVER, non_retryable=True)


def failure_of(error: BaseException) -> Failure:
    """What the end of a run was about."""
    if isinstance(error, AppError):
        return Failure("failed", error.code, error.message)
    if isinstance(error, UndecodableError):
        return _UNDECODABLE
    if isinstance(error, TimeoutError):
        return _TIMEOUT
    if isinstance(error, asyncio.CancelledError) or is_cancelled_exception(error):
        return CANCELLED
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError):
        return _of_activity(cause)
    return _INTERNAL


def is_over(error: ActivityError) -> bool:
    """Whether an activity was cancelled, or has found that its run is over."""
    cause = error.cause
    return is_cancelled_exception(error) or (isinstance(cause, ApplicationError) and cause.type == OVER)


def _of_activity(error: ApplicationError) -> Failure:
    if error.type == OVER:
        return CANCELLED
    if error.type != UNUSABLE or not error.details:
        return _INTERNAL
    detail = cast("dict[str, Any]", error.details[0])
    return Failure("failed", str(detail.get("code")), str(detail.get("message")))
