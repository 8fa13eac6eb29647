"""What callers are told when a target does not answer as it should: not where it is, which is its owner's to tell."""

from math import ceil

from api.gateway.patience import DepartedError, Waiting
from zilliance.errors import AppError, UnavailableError
from zilliance.outbound_rules import OutboundFailedError, OutboundFailure

_FACTS = {
    OutboundFailure.CONNECT: "could not be reached",
    OutboundFailure.TLS: "has no valid certificate or does not speak TLS",
    OutboundFailure.PROTOCOL: "did not answer in valid HTTP, or closed the connection",
    OutboundFailure.TOO_LARGE: "answered with more than may be passed on",
    OutboundFailure.TIMEOUT: "did not answer in time",
}


def upstream_failed(error: OutboundFailedError) -> AppError:
    """The details are for the owner alone."""
    return AppError(
        f"The target of this endpoint {_FACTS[error.kind]}",
        status=502,
        code="UPSTREAM_FAILED",
        details={"reason": error.message},
    )


def target_refused(reason: str) -> AppError:
    """The target is one that is never called, whatever was thought of it when it was written. Details: as above."""
    return AppError(
        "The target of this endpoint is not one that is called",
        status=502,
        code="TARGET_REFUSED",
        details={"reason": reason},
    )


def suspended(seconds: float) -> AppError:
    """The breaker is open for so long."""
    return UnavailableError(
        "The target of this endpoint fails too often and is left alone for a while",
        code="UPSTREAM_SUSPENDED",
        retry_after=max(ceil(seconds), 1),
    )


def out_of_time(waiting: Waiting, seconds: float) -> AppError:
    """An exchange came to the end of its time; `seconds` is what its first byte could take."""
    match waiting:
        case Waiting.DEPARTED:
            return DepartedError()
        case Waiting.REQUEST:
            return AppError("No more of the body came in time", status=408, code="REQUEST_TIMEOUT")
        case Waiting.READER:
            return AppError("The caller did not take the answer in time", status=499, code="CALLER_STALLED")
        case Waiting.MORE:
            return _late("The target of this endpoint stopped in the middle of its answer")
        case Waiting.ANSWER:
            return _late(f"The target of this endpoint did not answer within {seconds:g} s")


def _late(message: str) -> AppError:
    return AppError(message, status=504, code="UPSTREAM_TIMEOUT")
