"""Failures of media work as errors of Temporal: which are tried again, and what the video's owner is told."""

from collections.abc import Generator
from contextlib import contextmanager

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.media.faults import MediaFailedError, MediaFault
from activities.media.sources import SourceChangedError
from workflows.video.failures import UNUSABLE
from workflows.video.refusals import Refusal, UnusableVideoError
from zilliance.processes import ProcessFailedError
from zilliance.storage import MissingObjectError, RefusedByStoreError

OF_THE_SOURCE = {
    MediaFault.BAD_INPUT: (Refusal.CORRUPT_MEDIA, "The file could not be decoded: it is damaged, or no video."),
    MediaFault.TOO_DEMANDING: (Refusal.TOO_EXPENSIVE, "The file takes more computing than a video may."),
    MediaFault.TOO_LARGE: (Refusal.TOO_LARGE, "What the file unpacks to is larger than a video may be."),
}
# Nothing is wrong with the work: it waits until the host, or the store, is as it should be.
_OF_THE_HOST = {MediaFault.NO_SPACE, MediaFault.OUT_OF_MEMORY, MediaFault.UNREACHABLE}
SOURCE_MISSING = "SOURCE_MISSING"
SOURCE_INCOMPLETE = "SOURCE_INCOMPLETE"
MOST_ATTEMPTS = 5  # at what may, or may not, be the fault of the source
MOST_REFUSED = 20  # at what the store says that it will not do: seven minutes, for an operator who changes its keys


def unusable(code: str, message: str) -> ApplicationError:
    """The source is to blame: no attempt is made again, and its owner is told why."""
    return ApplicationError(message, {"code": code, "message": message}, type=UNUSABLE, non_retryable=True)


@contextmanager
def told() -> Generator[None]:
    """Raise what went wrong in the block as Temporal is to hear it."""
    try:
        yield
    except UnusableVideoError as error:
        raise unusable(error.code, error.message) from error
    except MissingObjectError as error:
        raise unusable(
            SOURCE_MISSING, "The upload was deleted while it was processed: upload the file again."
        ) from error
    except SourceChangedError as error:
        message = "The store does not have the upload as a whole: upload it again."
        raise unusable(SOURCE_INCOMPLETE, message) from error
    except RefusedByStoreError as error:
        is_final = activity.info().attempt >= MOST_REFUSED
        raise ApplicationError(f"the store refuses: {error}", type="StoreRefused", non_retryable=is_final) from error
    except MediaFailedError as error:
        if error.fault in OF_THE_SOURCE:
            raise unusable(*OF_THE_SOURCE[error.fault]) from error
        is_final = not error.fault.is_temporary or (error.fault not in _OF_THE_HOST and _is_last_attempt())
        message = f"{error.message}: {error.complaint[-1000:]}"
        raise ApplicationError(message, type="MediaFailed", non_retryable=is_final) from error
    except ProcessFailedError as error:
        raise ApplicationError(error.message, type="ProcessFailed", non_retryable=_is_last_attempt()) from error


def _is_last_attempt() -> bool:
    return activity.info().attempt >= MOST_ATTEMPTS
