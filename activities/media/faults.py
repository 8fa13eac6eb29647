"""Why a piece of media work failed: the kind says whether another attempt can help."""

import re
import signal
from collections.abc import Mapping
from enum import StrEnum

from zilliance.errors import AppError

SHELL_SIGNAL = 128
NOT_STARTED = (126, 127)
_URL = re.compile(r"https?://\S+")
# What is said of a line that broke in the middle: to ffmpeg the file just ends there, and all is well (status 0).
_BROKEN_OFF = (
    "Stream ends prematurely",
    "Input/output error",
    "Connection reset",
    "Connection refused",
    "Broken pipe",
    "timed out",
    "Read error at pos",
)
_TELLING = (
    ("no_space", ("No space left on device", "Disk quota exceeded")),
    (
        "out_of_memory",
        ("Cannot allocate memory", "Out of memory", "malloc of size", "Resource temporarily unavailable"),
    ),
    ("unreachable", ("Server returned", "HTTP error", *_BROKEN_OFF)),
    ("too_large", ("File too large",)),
)


class MediaFault(StrEnum):
    """What went wrong, in kinds that stay the same."""

    BAD_INPUT = "bad_input"
    TOO_DEMANDING = "too_demanding"  # of processor time
    TOO_LARGE = "too_large"
    OUT_OF_MEMORY = "out_of_memory"
    NO_SPACE = "no_space"
    KILLED = "killed"
    STALLED = "stalled"
    UNREACHABLE = "unreachable"
    NOT_RUN = "not_run"

    @property
    def is_temporary(self) -> bool:
        """Another attempt, perhaps elsewhere, can end otherwise."""
        return self not in {MediaFault.BAD_INPUT, MediaFault.TOO_DEMANDING, MediaFault.TOO_LARGE, MediaFault.NOT_RUN}


_OF_SIGNALS: Mapping[int, MediaFault] = {
    signal.SIGXCPU: MediaFault.TOO_DEMANDING,
    signal.SIGXFSZ: MediaFault.TOO_LARGE,
    signal.SIGKILL: MediaFault.KILLED,
    signal.SIGTERM: MediaFault.KILLED,
}


class MediaFailedError(AppError):
    """A program of media work did not do it. `complaint` is for the log, never for the video's owner."""

    status = 500
    code = "MEDIA_FAILED"

    def __init__(self, fault: MediaFault, message: str, complaint: str = "") -> None:
        super().__init__(message, details={"fault": fault.value})
        self.fault = fault
        self.complaint = _URL.sub("<url>", complaint)  # one that is presigned opens the source


def broke_off(complaint: str) -> MediaFailedError | None:
    """The failure of a command that has ended well, and has not read all of a source from afar."""
    # Lines of ffmpeg's parts begin with their names; a title of a user's never begins a line.
    said = "\n".join(line for line in complaint.splitlines() if line.startswith("["))
    if not any(text in said for text in _BROKEN_OFF):
        return None
    return MediaFailedError(MediaFault.UNREACHABLE, "the store broke off while the source was read", complaint)


def of_exit(code: int, complaint: str, *, remote: bool) -> MediaFailedError:
    """The failure that a status other than 0 stands for, and what was written to stderr."""
    fault = _fault_of(code, complaint, remote=remote)
    said = complaint.strip().rpartition("\n")[2][-300:]
    return MediaFailedError(fault, f"ffmpeg ended with status {code}: {_URL.sub('<url>', said)}", complaint)


def _fault_of(code: int, complaint: str, *, remote: bool) -> MediaFault:
    if code in NOT_STARTED:
        return MediaFault.NOT_RUN
    # Before signals: ffmpeg's own statuses are errors' numbers, some of which look like those of signals.
    for name, texts in _TELLING:
        if any(text in complaint for text in texts) and (remote or name != "unreachable"):
            return MediaFault(name)
    return _OF_SIGNALS.get(code - SHELL_SIGNAL, MediaFault.BAD_INPUT)
