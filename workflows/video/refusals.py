"""Why a source cannot become a video that plays: codes for programs, sentences for its owner."""

from enum import StrEnum

from zilliance.errors import AppError


class Refusal(StrEnum):
    """What is wrong with a source. None of these passes by trying again with the same bytes."""

    EMPTY_FILE = "EMPTY_FILE"
    UNSUPPORTED_MEDIA = "UNSUPPORTED_MEDIA"
    DISGUISED_PLAYLIST = "DISGUISED_PLAYLIST"
    ENCRYPTED_MEDIA = "ENCRYPTED_MEDIA"
    NO_MEDIA_STREAMS = "NO_MEDIA_STREAMS"
    CORRUPT_MEDIA = "CORRUPT_MEDIA"
    TOO_LARGE = "TOO_LARGE"
    TOO_LONG = "TOO_LONG"
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS"
    PICTURE_TOO_LARGE = "PICTURE_TOO_LARGE"
    IMPLAUSIBLE_LENGTH = "IMPLAUSIBLE_LENGTH"
    TOO_EXPENSIVE = "TOO_EXPENSIVE"


class UnusableVideoError(AppError):
    """The source is refused for good: `code` is a Refusal, and the message is for the person who uploaded it."""

    status = 400

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message, code=code.value)
