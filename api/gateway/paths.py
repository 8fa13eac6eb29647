"""The path that a caller of the gateway asks for: read in one way only, since its target may read it in another."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from zilliance.errors import InvalidInputError

LONGEST_PATH = 2048

_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Said once more in escapes, a slash or a dot would be one to a target that decodes twice.
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\ud800-\udfff]|%(?:2[ef]|5c|00)", re.IGNORECASE)
_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?|/")
_DOTS = frozenset({".", ".."})
# What a segment may have in it as it is (RFC 3986), without the `@` that stands before a host.
_SAFE = "!$&'()*+,;=:-._~"
_QUERY_SAFE = "!$&'()*+,;=:@-._~/?%[]|^{}"


@dataclass(frozen=True, slots=True)
class GatewayPath:
    """A path, decoded once.

    Attributes:
        text: as endpoints are matched; its slashes are those that were written.
        segments: what stands between them; the last one is empty after a slash at the end.
    """

    text: str
    segments: tuple[str, ...]


def read_path(raw: str) -> GatewayPath:
    """Read a path as it is in a URL, beginning with a slash. Raises InvalidInputError for what is not plainly one."""
    if len(raw) > LONGEST_PATH:
        raise _invalid(f"is longer than {LONGEST_PATH} characters")
    if _PLAIN.fullmatch(raw):
        return GatewayPath(raw, tuple(raw[1:].split("/")))
    if not raw.startswith("/"):
        raise _invalid("must begin with a slash")
    if _ESCAPES.search(raw):
        raise _invalid("has a % that begins no escape: write %25")
    *inner, last = (_decoded(segment) for segment in raw[1:].split("/"))
    if "" in inner:
        raise _invalid("has two slashes behind each other")
    segments = (*inner, last)
    return GatewayPath("/" + "/".join(segments), segments)


def encode_segment(text: str) -> str:
    """A segment as it stands in a URL: whatever is in it, it stays one segment."""
    return quote(text, safe=_SAFE)


def encode_query(raw: str) -> str:
    """A query as it may stand in a URL; what is encoded already stays as it is."""
    return quote(raw, safe=_QUERY_SAFE)


def _decoded(segment: str) -> str:
    try:
        text = unquote_to_bytes(segment).decode() if "%" in segment else segment
    except UnicodeDecodeError as error:
        raise _invalid("has escapes that are not UTF-8") from error
    if _REFUSED.search(text):
        raise _invalid("has a slash, a backslash or a control character in a segment, or one that is encoded twice")
    # Some servers take what follows a semicolon for a parameter of the segment, and `..;` for `..`.
    if text.partition(";")[0] in _DOTS:
        raise _invalid("has a segment of dots, which would lead out of the target")
    return text


def _invalid(what: str) -> InvalidInputError:
    return InvalidInputError(f"The path {what}", code="INVALID_PATH")
