"""What RFC 9111 lets a cache that many share keep and give: pure rules on headers, as they are on the wire."""

from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime

from api.gateway.calls import RawHeaders

# Answers that may be kept when they say for how long they hold; one of 200 that does not is kept as the endpoint says.
_STATUSES = frozenset({200, 203, 204, 300, 301, 308, 404, 410})
_OK, _EMPTY = 200, 204
_NEVER = frozenset({"no-store", "no-cache", "private"})
# The gateway writes these itself for each request, so what differs by them cannot be told apart here.
_OWN = ("x-forwarded-", "forwarded", "via", "x-request-id")
_LONGEST = 2**31


def values(headers: RawHeaders, name: bytes) -> list[str]:
    """The values of a header, whose name is in lower case here and may be in any there."""
    return [value.decode("latin-1") for each, value in headers if len(each) == len(name) and each.lower() == name]


def directives(headers: RawHeaders) -> Mapping[str, str]:
    """`Cache-Control` by names in lower case. Of one that is said twice the smaller value holds."""
    found: dict[str, str] = {}
    for part in _members(values(headers, b"cache-control")):
        name, _, value = part.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        found[name] = min(found[name], value, key=_seconds) if name in found else value
    return found


def may_be_asked(headers: RawHeaders) -> bool:
    """Whether an answer of the cache will do for a request: not for a part, nor where its caller wants a new one."""
    said = directives(headers)
    if not said and any("no-cache" in value.lower() for value in values(headers, b"pragma")):
        return False
    return not (said.keys() & {"no-cache", "no-store"}) and not _is_special(headers)


def may_be_recorded(headers: RawHeaders) -> bool:
    """Whether the answer to a request may be kept for others."""
    return "no-store" not in directives(headers) and not _is_special(headers)


def oldest_taken(headers: RawHeaders) -> int | None:
    """Seconds of age that a caller puts up with at most; None: any."""
    said = directives(headers)
    return _seconds(said["max-age"]) if "max-age" in said else None


def lifetime(status: int, headers: RawHeaders, most: int) -> int:
    """Seconds for which an answer may be given to others, `most` at most; 0: it is not kept.

    `headers` are all that the target sent. Where they do not say how long, an answer of 200 is kept for `most`.
    """
    said = directives(headers)
    if status not in _STATUSES or said.keys() & _NEVER or values(headers, b"set-cookie"):
        return 0
    if varying(headers) is None or not (status == _EMPTY or _has_an_end(headers)):
        return 0
    explicit = _explicit(said, headers)
    if explicit is None:
        explicit = most if status == _OK else 0
    return max(0, min(explicit - age(headers), most))


def age(headers: RawHeaders) -> int:
    """Seconds that an answer had been kept by others before it came here."""
    return max((_seconds(value) for value in values(headers, b"age")), default=0)


def varying(headers: RawHeaders) -> tuple[bytes, ...] | None:
    """Names of the request's headers that an answer depends on; None: on something that is not seen here."""
    names = sorted({name.lower() for name in _members(values(headers, b"vary"))})
    if any(name == "*" or name.startswith(_OWN) for name in names):
        return None
    return tuple(name.encode("latin-1") for name in names)


def is_unchanged(asked: RawHeaders, kept: RawHeaders) -> bool:
    """Whether who asks has what is kept already: by its ETag, or without one by its time."""
    tags = [tag.removeprefix("W/") for tag in _members(values(asked, b"if-none-match"))]
    if tags:
        own = {tag.removeprefix("W/") for tag in values(kept, b"etag")}
        return "*" in tags or not own.isdisjoint(tags)
    since = values(asked, b"if-modified-since")
    return bool(since) and since == values(kept, b"last-modified")


def _is_special(headers: RawHeaders) -> bool:
    return any(values(headers, name) for name in (b"range", b"if-match", b"if-unmodified-since", b"upgrade"))


def _has_an_end(headers: RawHeaders) -> bool:
    """Whether an answer says where it ends: one that ends with its connection may have been cut."""
    return any(values(headers, name) for name in (b"content-length", b"transfer-encoding"))


def _explicit(said: Mapping[str, str], headers: RawHeaders) -> int | None:
    for name in ("s-maxage", "max-age"):
        if name in said:
            return _seconds(said[name])
    expires = values(headers, b"expires")
    if not expires:
        return None
    dates = values(headers, b"date")
    try:
        until, sent = parsedate_to_datetime(expires[0]), parsedate_to_datetime(dates[0] if dates else "")
        return int((until - sent).total_seconds())
    except (ValueError, TypeError):  # TypeError: one of them says no zone
        return 0  # such as `Expires: 0`: over already


def _seconds(value: str) -> int:
    """A number of seconds; what is none counts as 0, so that nothing is kept for it."""
    return min(int(value[:10]), _LONGEST) if value.isdecimal() and value.isascii() else 0


def _members(lines: Iterable[str]) -> list[str]:
    """The members of a list header. A comma in quotes divides, too: no member that counts here has one."""
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]
