"""What a file says it is, whether its bucket takes that, and whether its first bytes agree. Pure."""

import re

from api.storage.failures import invalid_mime_type
from zilliance.object_rules import HEAD_BYTES, MAX_TYPE_LENGTH, TOKEN, begins_as, essence, is_media_type, matches

__all__ = ["DEFAULT_TYPE", "HEAD_BYTES", "check_head", "essence", "is_pattern", "matches", "read_type"]

DEFAULT_TYPE = "application/octet-stream"

_PATTERN = re.compile(rf"(\*|{TOKEN})/(\*|{TOKEN})")


def read_type(text: str | None) -> str:
    """A content type as it will be stored. Raises InvalidMimeType for what is none."""
    if not text:
        return DEFAULT_TYPE
    text = text.strip()
    if not is_media_type(text):
        raise invalid_mime_type(text[:MAX_TYPE_LENGTH], "A content type looks like image/png")
    return text


def is_pattern(text: str) -> bool:
    """Whether it can stand in a bucket's list: a type, `image/*` or `*/*`."""
    return len(text) <= MAX_TYPE_LENGTH and _PATTERN.fullmatch(text) is not None


def check_head(content_type: str, head: bytes) -> None:
    """Raises InvalidMimeType unless the first bytes are those of the type; one that is not known here never passes."""
    begins = begins_as(content_type, head)
    if begins is None:
        raise invalid_mime_type(essence(content_type), "This bucket takes types that can be told by their first bytes")
    if not begins:
        raise invalid_mime_type(essence(content_type), "The first bytes of the file are not of this type")
