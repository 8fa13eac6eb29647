"""What an answer with an object says, and which of its bytes it carries. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from api.byte_ranges import UnsatisfiableRangeError, span_of
from api.storage.contents import essence
from api.storage.failures import unsatisfiable_range
from api.storage.objects import Found

MAX_FILE_NAME = 255

_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"  # beside letters and digits; RFC 5987
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_DOCUMENTS = frozenset({"text/xsl", "multipart/x-mixed-replace"})  # browsers open these, too, and run what is in them
_VISIBILITY = frozenset({"public", "private"})


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and headers, and the first and last byte of what is sent, None for all that there is."""

    status: int
    headers: dict[str, str]
    span: tuple[int, int] | None = None

    @property
    def has_body(self) -> bool:
        return self.status != 304  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Manner:
    """How an object is handed out.

    Attributes:
        is_public: whether caches that people share may keep it.
        download: the name to save it under, '' for its own; None shows it.
    """

    is_public: bool
    download: str | None = None


def answer_for(found: Found, headers: Mapping[str, str], manner: Manner) -> Answer:
    """The answer to a request with these headers. Raises InvalidRange, a 416."""
    shown = _headers(found, manner)
    if _is_known(found, headers):
        kept = ("ETag", "Last-Modified", "Cache-Control", "Vary")
        return Answer(304, {name: shown[name] for name in kept if name in shown})
    span = _span(found, headers)
    if span is None:
        return Answer(200, shown | {"Content-Length": str(found.size)})
    first, last = span
    shown |= {"Content-Range": f"bytes {first}-{last}/{found.size}", "Content-Length": str(last - first + 1)}
    return Answer(206, shown, span)


def _headers(found: Found, manner: Manner) -> dict[str, str]:
    media = essence(found.content_type)
    headers = {
        # A page would run in the platform's own name.
        "Content-Type": "text/plain" if media in _PAGES else found.content_type,
        "ETag": found.etag,
        "Last-Modified": format_datetime(found.modified.astimezone(UTC), usegmt=True),
        "Cache-Control": _cache_control(found.cache_control, is_public=manner.is_public),
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": "sandbox",
    }
    if not manner.is_public:
        headers["Vary"] = "Authorization, apikey"  # another account in the same browser must ask anew
    if found.content_encoding:
        headers["Content-Encoding"] = found.content_encoding
    download = manner.download
    if download is None and (media in _DOCUMENTS or media.endswith(("/xml", "+xml"))):
        download = ""
    if download is not None:
        headers["Content-Disposition"] = _disposition(download)
    return headers


def _cache_control(told: str, *, is_public: bool) -> str:
    directives = [each.strip() for each in told.split(",")]
    rest = [each for each in directives if each and each.lower() not in _VISIBILITY]
    return ", ".join(["public" if is_public else "private", *rest])


def _disposition(name: str) -> str:
    if not name:
        return "attachment;"
    encoded = quote(name[:MAX_FILE_NAME], safe=_ATTRIBUTE_CHARACTERS)
    return f"attachment; filename={encoded}; filename*=UTF-8''{encoded}"


def _is_known(found: Found, headers: Mapping[str, str]) -> bool:
    """Whether the asker has just this already."""
    tags = headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or found.etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    since = _date(headers.get("if-modified-since"))
    return since is not None and found.modified.replace(microsecond=0) <= since


def _span(found: Found, headers: Mapping[str, str]) -> tuple[int, int] | None:
    """The bytes asked for, None for the whole. What is not one range of bytes is not heeded."""
    if not _is_same(found, headers.get("if-range")):
        return None
    try:
        return span_of(found.size, headers.get("range", ""))
    except UnsatisfiableRangeError as error:
        raise unsatisfiable_range(found.size) from error


def _is_same(found: Found, condition: str | None) -> bool:
    """Whether what the asker has a part of is still this; a weak tag or a date that is not exact says nothing."""
    if condition is None or condition.strip() == found.etag:
        return True
    return _date(condition) == found.modified.replace(microsecond=0)


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return date if date is None or date.tzinfo else date.replace(tzinfo=UTC)
