"""What resumable uploads refuse, with the HTTP statuses that clients of TUS act on."""

from zilliance.errors import AppError, ConflictError, InvalidInputError, NotFoundError, TooLargeError

_PRECONDITION_FAILED = 412
_GONE = 410
_LOCKED = 423
_TOO_MANY = 429

# Who meets one of these would meet it again with the same bytes: the upload is over.
SPOILED = frozenset({"InvalidMimeType", "UploadLost"})


def wrong_version(spoken: str) -> AppError:
    return AppError(
        f"Tus-Resumable must be {spoken}",
        status=_PRECONDITION_FAILED,
        code="InvalidTusVersion",
        headers={"Tus-Version": spoken},
    )


def invalid_header(message: str) -> AppError:
    return InvalidInputError(message, code="InvalidHeader")


def no_such_upload() -> AppError:
    """There is none, or it is somebody else's."""
    return NotFoundError("No such upload; begin a new one", code="NoSuchUpload")


def expired() -> AppError:
    return AppError("The upload has expired; begin a new one", status=_GONE, code="UploadExpired")


def lost() -> AppError:
    """What the store holds is not what the row says."""
    return AppError("The upload cannot be continued; begin a new one", status=_GONE, code="UploadLost")


def elsewhere(offset: int) -> AppError:
    return ConflictError(f"The upload is at offset {offset}; go on from there", code="InvalidOffset")


def locked() -> AppError:
    return AppError("Another request writes to this upload; try again shortly", status=_LOCKED, code="UploadLocked")


def too_long(limit: int) -> AppError:
    return TooLargeError(f"The upload is longer than the {limit} bytes that it may have", code="EntityTooLarge")


def finished() -> AppError:
    return InvalidInputError("The upload is finished; delete its object instead", code="UploadFinished")


def too_many(most: int) -> AppError:
    message = f"{most} uploads of yours are open; finish or end one of them"
    return AppError(message, status=_TOO_MANY, code="TooManyUploads", headers={"Retry-After": "60"})
