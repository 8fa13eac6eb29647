"""What a file says it is, whether its bucket takes that, and whether its first bytes agree. Pure."""

import re
from collections.abc import Sequence

from api.storage.failures import invalid_mime_type

HEAD_BYTES = 16  # what `check_head` needs
DEFAULT_TYPE = "application/octet-stream"
MAX_TYPE_LENGTH = 255

_TOKEN = r"[A-Za-z0-9!#$&^_.+-]+"  # noqa: S105  of RFC 6838
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}")
_PARAMETERS = re.compile(r"[\x20-\x7e]*")
_PATTERN = re.compile(rf"(\*|{_TOKEN})/(\*|{_TOKEN})")

# What files of a type begin with; a dot stands for any byte.
_STARTS = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/webp": rb"RIFF....WEBP",
    "image/gif": rb"GIF8[79]a",
    "application/pdf": rb"%PDF-",
    "video/mp4": rb"....ftyp",
    "video/quicktime": rb"....(ftyp|moov|mdat|wide|free|skip)",
    "video/webm": rb"\x1aE\xdf\xa3",
    "video/x-matroska": rb"\x1aE\xdf\xa3",
}
_STARTS_COMPILED = {media_type: re.compile(start, re.DOTALL) for media_type, start in _STARTS.items()}


def read_type(text: str | None) -> str:
    """A content type as it will be stored. Raises InvalidMimeType for what is none."""
    if not text:
        return DEFAULT_TYPE
    text = text.strip()
    if len(text) > MAX_TYPE_LENGTH or not _MEDIA_TYPE.fullmatch(essence(text)) or not _PARAMETERS.fullmatch(text):
        raise invalid_mime_type(text[:MAX_TYPE_LENGTH], "A content type looks like image/png")
    return text


def essence(content_type: str) -> str:
    """`image/png` of `image/PNG; charset=x`."""
    return content_type.partition(";")[0].strip().lower()


def is_pattern(text: str) -> bool:
    """Whether it can stand in a bucket's list: a type, `image/*` or `*/*`."""
    return len(text) <= MAX_TYPE_LENGTH and _PATTERN.fullmatch(text) is not None


def matches(content_type: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns stands for the type."""
    kind, _, subtype = essence(content_type).partition("/")
    for pattern in patterns:
        wanted_kind, _, wanted = pattern.lower().partition("/")
        if wanted_kind in ("*", kind) and wanted in ("*", subtype):
            return True
    return False


def check_head(content_type: str, head: bytes) -> None:
    """Raises InvalidMimeType unless the first bytes are those of the type; one that is not known here never passes."""
    start = _STARTS_COMPILED.get(essence(content_type))
    if start is None:
        raise invalid_mime_type(essence(content_type), "This bucket takes types that can be told by their first bytes")
    if not start.match(head):
        raise invalid_mime_type(essence(content_type), "The first bytes of the file are not of this type")
