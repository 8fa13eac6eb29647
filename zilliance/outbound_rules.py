"""What an outbound call may be: its shapes, its errors, and the rules over method, URL and headers, free of any I/O."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus

from yarl import URL

from zilliance.addresses import is_public
from zilliance.errors import AppError

HOP_HEADER = "x-zilliance-hop"
MAX_HOPS = 8

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HTTP_PORTS = frozenset({80, 443, 8080, 8443})
# The connection is ours, not the caller's: these would change its framing or reach another virtual host.
_OUR_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", HOP_HEADER}
)
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "apikey", "x-api-key"})
_POST_BECOMES_GET = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND})

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Half a surrogate pair is here too: it has no UTF-8 form, so it could not be sent.
_HEADER_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_URL_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\\]")
_WEBSOCKET = re.compile(r"^ws(s?)://", re.IGNORECASE)
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]+)")
_LABEL = r"[a-z0-9_][a-z0-9_-]{0,62}"
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(\.{_LABEL})*\.?")
# The rule of the URL standard: a host whose last label is a number is an address, in whatever base and however short.
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?")


class OutboundRefusedError(AppError):
    """A call that is not made: its URL, address or headers are not allowed. The same call is refused for ever."""

    status = 400
    code = "OUTBOUND_REFUSED"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutboundFailure(StrEnum):
    """What went wrong with a call that was allowed."""

    TIMEOUT = "timeout"
    CONNECT = "connect"
    TLS = "tls"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"


class OutboundFailedError(AppError):
    """A call that was made and brought no usable answer."""

    status = 502
    code = "OUTBOUND_FAILED"

    def __init__(self, kind: OutboundFailure, message: str) -> None:
        super().__init__(message, status=504 if kind is OutboundFailure.TIMEOUT else 502, details={"kind": kind.value})
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class OutboundRequest:
    """A call to make.

    Attributes:
        timeout: seconds for the whole of it: names, redirects and the last byte of the body.
        max_bytes: how much of a body is taken, counted after decompression.
        redirects: how many are followed; 0 returns the redirect itself.
        secret_headers: lower-case names of headers that may not follow to another origin, beside the usual ones.
        secret_body: the body may not follow one either: such a redirect is refused.
        hop: how many of this platform's own calls led to this one (HOP_HEADER of the request being served).
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float
    max_bytes: int
    redirects: int = 0
    secret_headers: frozenset[str] = frozenset()
    secret_body: bool = False
    hop: int = 0


@dataclass(frozen=True, kw_only=True)
class OutboundResponse:
    """An answer, whatever its status. Header names are in lower case; a repeated one is joined with commas."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    url: str


def check_message(method: str, headers: Mapping[str, str], hop: int) -> None:
    """Refuse what would break out of the message or go round for ever."""
    if method.upper() not in _METHODS:
        raise OutboundRefusedError(f"the method {method!r} is not allowed: use one of {', '.join(sorted(_METHODS))}")
    if hop >= MAX_HOPS:
        raise OutboundRefusedError(f"this call is the {hop}th of a chain of calls to ourselves: break the loop")
    for name, value in headers.items():
        _check_header(name, value)


def parse_url(text: str) -> URL:
    """Read an absolute HTTP URL in one way only: what two parsers may read differently is refused."""
    if _URL_CONTROL.search(text):
        raise OutboundRefusedError("the URL has a control character or a backslash: percent-encode it")
    authority = _AUTHORITY.match(text)
    if authority is None:
        raise OutboundRefusedError(f"{text[:200]!r} is not an absolute URL such as https://example.com/path")
    if "@" in authority[1]:
        raise OutboundRefusedError("the URL has a user name or password in it: send an Authorization header")
    try:
        url = URL(text)
        host = url.host  # decoded when it is read, and what stands behind `xn--` need not be anything
    except ValueError as error:
        raise OutboundRefusedError(f"{text[:200]!r} is not a URL: {error}") from error
    if url.scheme not in {"http", "https"}:
        raise OutboundRefusedError(f"{url.scheme}: is not allowed: use https")
    _check_host((host and url.raw_host) or "")
    return url


def host_url(scheme: str, host: str, port: int) -> URL:
    """The URL of a host that is named by itself, under the rules of one that stands in a URL."""
    try:
        url = URL.build(scheme=scheme, host=host, port=port)
        named = url.host
    except ValueError as error:
        raise OutboundRefusedError(f"{host[:200]!r} is not the name of a host") from error
    _check_host((named and url.raw_host) or "")
    return url


def http_form(text: str) -> str:
    """A WebSocket's URL with the scheme of the request that opens it; any other as it is."""
    return _WEBSOCKET.sub(r"http\1://", text)


def check_policy(url: URL, *, allow_http: bool, own_hosts: Iterable[str], ports: frozenset[int] = HTTP_PORTS) -> None:
    """Refuse a well-formed URL that leads to a place we do not call."""
    host = url.raw_host or ""
    if url.scheme != "https" and not allow_http:
        raise OutboundRefusedError(f"plain http to {host} is not allowed: use https")
    if url.port not in ports:
        usual = ", ".join(str(port) for port in sorted(ports))
        raise OutboundRefusedError(f"port {url.port} of {host} is not allowed: use one of {usual}")
    if host.rstrip(".") in own_hosts:
        raise OutboundRefusedError(f"{host} is this platform itself: a call to it could go round for ever")
    if _is_address(host) and not is_public(host):
        raise OutboundRefusedError(f"{host} is not a public address in its usual spelling")


def redirect_target(url: URL, location: str) -> URL:
    """Where a `Location` leads from `url`, under the same rules as a URL that a user wrote."""
    if _URL_CONTROL.search(location):
        raise OutboundRefusedError(f"{url.host} redirected to a URL with a control character or a backslash")
    try:
        target = parse_url(str(url.join(URL(location))))
    except ValueError as error:
        raise OutboundRefusedError(f"{url.host} redirected to something that is not a URL") from error
    if url.scheme == "https" and target.scheme != "https":
        raise OutboundRefusedError(f"{url.host} redirected from https to plain http")
    return target


def redirected(request: OutboundRequest, status: int, url: URL, target: URL) -> OutboundRequest:
    """The call that a redirect asks for: without credentials on another origin, without a body where it becomes GET."""
    headers, method = dict(request.headers), request.method.upper()
    elsewhere = origin_of(url) != origin_of(target)
    if elsewhere:
        dropped = _CREDENTIAL_HEADERS | request.secret_headers
        headers = {name: value for name, value in headers.items() if name.lower() not in dropped}
    if (status == HTTPStatus.SEE_OTHER and method != "HEAD") or (status in _POST_BECOMES_GET and method == "POST"):
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
        return replace(request, method="GET", headers=headers, body=None)
    if elsewhere and request.secret_body and request.body:
        raise OutboundRefusedError(f"{url.host} redirected a body with secrets to {target.host}: call that host itself")
    return replace(request, headers=headers)


def origin_of(url: URL) -> tuple[str, str, int | None]:
    """Scheme, host and port, the same for every spelling of one origin."""
    return url.scheme, (url.raw_host or "").rstrip("."), url.port


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise OutboundRefusedError(f"{name[:100]!r} is not the name of a header")
    if name.lower() in _OUR_HEADERS:
        raise OutboundRefusedError(f"the header {name} is set by the platform: leave it out")
    if _HEADER_CONTROL.search(value):
        raise OutboundRefusedError(f"the header {name} has a line break or another control character in its value")


def _check_host(host: str) -> None:
    if not _is_address(host) and not _NAME.fullmatch(host):
        raise OutboundRefusedError(f"{host[:200]!r} is not the name of a host")


def _is_address(host: str) -> bool:
    return ":" in host or _ENDS_IN_NUMBER.fullmatch(host) is not None
