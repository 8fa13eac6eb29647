"""Headers on their way through the gateway: what is between two neighbours stays there, and so do credentials."""

import re
from collections.abc import Mapping

from api.gateway.calls import Call, RawHeaders
from zilliance.outbound_rules import HOP_HEADER, OutboundFailedError, OutboundFailure

_BETWEEN_NEIGHBOURS = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "http2-settings", "content-length"}
)
_CREDENTIALS = frozenset({"apikey", "authorization", "cookie", "x-api-key"})
# The gateway says these itself, or nobody may: the last ones would reach another path or method than the key opens.
_NOT_PASSED_ON = (
    _BETWEEN_NEIGHBOURS
    | _CREDENTIALS
    | {"host", "expect", "via", "forwarded", "x-request-id", HOP_HEADER}
    | {"x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-cluster-client-ip"}
    | {"x-original-url", "x-original-host", "x-rewrite-url", "x-original-method"}
    | {"x-http-method-override", "x-http-method", "x-method-override"}
)
# They speak for the platform's own origin, where many owners' answers are.
_NOT_ANSWERED = _BETWEEN_NEIGHBOURS | frozenset(
    {"set-cookie", "set-cookie2", "clear-site-data", "strict-transport-security", "public-key-pins", "alt-svc", "nel"}
    | {"report-to", "reporting-endpoints", "expect-ct", "service-worker-allowed", "origin-agent-cluster"}
    | {"content-security-policy", "content-security-policy-report-only", "x-content-type-options", "referrer-policy"}
    | {"server", "via", "x-request-id", "x-sendfile", "ratelimit", "ratelimit-policy", HOP_HEADER}
)
_NOT_ANSWERED_PREFIXES = ("access-control-", "x-accel-", "x-ratelimit-", "x-litespeed-")
# One path is many owners', told apart by the key: a cache on the way must not give the answer to one key to another.
_ADDED = [(b"content-security-policy", b"sandbox"), (b"via", b"1.1 zilliance"), (b"vary", b"x-api-key")]

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_DIGITS = re.compile(rb"[0-9]{1,19}")
_CGI = str.maketrans(dict.fromkeys("!#$%&'*+.^_`|~", "-"))  # what targets that speak CGI read as one character


def passed_on(call: Call, configured: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the target gets of a request's headers, with those that the owner configured and those that say who asked.

    `configured` has names in lower case; its values were checked. Host and the length of the body are not here.
    """
    named = _named_by_connection(call.headers)
    owners = {name.translate(_CGI) for name in configured}
    passed: list[tuple[str, str]] = []
    for raw_name, value in call.headers:
        name = raw_name.decode("latin-1").lower()
        plain = name.translate(_CGI)
        if plain in _NOT_PASSED_ON or plain.startswith("x-forwarded-") or name in named or plain in owners:
            continue
        passed.append((name, _text(value)))
    passed.extend(configured.items())
    passed += [("x-forwarded-for", call.client), ("x-forwarded-proto", call.scheme), ("x-request-id", call.request_id)]
    passed += [("via", "1.1 zilliance"), (HOP_HEADER, str(call.hop + 1))]
    return passed


def answered(headers: RawHeaders, host: str) -> list[tuple[bytes, bytes]]:
    """What the caller gets of an answer's headers. Raises OutboundFailedError for what no header may be."""
    named = _named_by_connection(headers)
    passed = [*_ADDED]
    chunked = False
    length: bytes | None = None
    for raw_name, value in headers:
        name = raw_name.lower()
        if not _NAME.fullmatch(name) or _CONTROL.search(value):
            message = f"{host} did not answer in valid HTTP: a header has a control character"
            raise OutboundFailedError(OutboundFailure.PROTOCOL, message)
        text = name.decode("latin-1")
        if name == b"content-length":
            length = value
        elif name == b"transfer-encoding":
            _check_coding(value, host)
            chunked = True
        elif text not in _NOT_ANSWERED and not text.startswith(_NOT_ANSWERED_PREFIXES) and text not in named:
            passed.append((name, value))
    if length is not None and not chunked and _DIGITS.fullmatch(length):
        passed.append((b"content-length", length))
    return passed


def _check_coding(value: bytes, host: str) -> None:
    """A body in a coding that nobody asked for would come without the name of it, and be read as what it is not."""
    if value.strip().lower() not in (b"chunked", b"identity"):
        message = f"{host} answered in a transfer coding other than chunked"
        raise OutboundFailedError(OutboundFailure.PROTOCOL, message)


def announced(headers: RawHeaders) -> int:
    """The length that an answer says; 0 where it says none."""
    return next((int(value) for name, value in headers if name == b"content-length"), 0)


def _named_by_connection(headers: RawHeaders) -> frozenset[str]:
    """The headers that `Connection` says are for the next neighbour alone."""
    values = [value for name, value in headers if len(name) == len("connection") and name.lower() == b"connection"]
    if not values:
        return frozenset()
    return frozenset(name.strip().lower() for value in values for name in value.decode("latin-1").split(","))


def _text(value: bytes) -> str:
    """The value as text that goes out as the same bytes, if they are UTF-8, which nearly all are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
