"""What a request to the gateway asks for: read from the ASGI scope, without a model or an object of a framework."""

from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import Scope

from api.envelopes import GATEWAY, PROXY_FUNCTION
from api.gateway.bodies import announced_length
from api.gateway.calls import Call, RawHeaders
from api.gateway.keys import HEADER
from api.gateway.paths import encode_query, read_path
from zilliance.errors import InvalidInputError
from zilliance.outbound_rules import HOP_HEADER

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")

_RAW_PREFIX = GATEWAY.encode()
_KEY, _AGENT, _HOP = HEADER.encode(), b"user-agent", HOP_HEADER.encode()
_BYTES = "surrogateescape"  # what is no UTF-8 stays as it was
_WRITTEN = "!$&'()*+,;=:@-._~/?%"  # of a path in a parameter, what a URL may hold as it is


def read_call(scope: Scope, most_bytes: int) -> Call:
    """Raises InvalidInputError for what cannot be passed on, TooLargeError for a body that is announced as larger."""
    method, raw, query = _through_function(scope) if scope["path"] == PROXY_FUNCTION else _direct(scope)
    headers: RawHeaders = scope["headers"]
    return Call(
        method=method,
        path=read_path(raw),
        query=encode_query(query) if query else "",
        headers=headers,
        length=announced_length(headers, method, most_bytes),
        client=client_of(scope),
        scheme=scope["scheme"],
        request_id=scope.get("state", {}).get("request_id", ""),
        hop=_hop(headers),
    )


def key_of(scope: Scope) -> str | None:
    """The key as it was sent; None where there is none, or more than one."""
    values = [value for name, value in scope["headers"] if name == _KEY]
    return values[0].decode("latin-1") if len(values) == 1 else None


def agent_of(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _AGENT:
            agent: str = value.decode("utf-8", "replace")
            return agent
    return None


def client_of(scope: Scope) -> str:
    """The address of who connected; empty where the server does not know it."""
    client: tuple[str, object] | None = scope.get("client")
    return client[0] if client else ""


def _direct(scope: Scope) -> tuple[str, str, str]:
    raw: bytes = scope["raw_path"]
    if not raw.startswith(_RAW_PREFIX):  # the same name, spelt with escapes
        raise InvalidInputError(f"Write {GATEWAY} as it is, without escapes", code="INVALID_PATH")
    path = raw[len(_RAW_PREFIX) :] or b"/"
    return scope["method"], _ascii(path), _ascii(scope["query_string"])


def _through_function(scope: Scope) -> tuple[str, str, str]:
    """`path` and `method` of the query; everything else in it is the target's."""
    pairs = parse_qsl(_ascii(scope["query_string"]), keep_blank_values=True, errors=_BYTES)
    named = {name: [value for each, value in pairs if each == name] for name in ("path", "method")}
    if len(named["path"]) != 1 or len(named["method"]) > 1:
        raise InvalidInputError("Give `path` once, such as ?path=/orders/5, and `method` once or not at all")
    method = (named["method"] or [scope["method"]])[0].upper()
    if method not in METHODS:
        raise InvalidInputError(f"method: must be one of {', '.join(METHODS)}")
    path, _, own = named["path"][0].partition("?")
    rest = urlencode([pair for pair in pairs if pair[0] not in named], errors=_BYTES)
    return method, quote(path, safe=_WRITTEN, errors=_BYTES), f"{own}&{rest}" if own and rest else own or rest


def _ascii(raw: bytes) -> str:
    """A part of a URL; bytes that no URL may hold are percent-encoded."""
    return raw.decode() if raw.isascii() else quote(raw, safe=_WRITTEN)


def _hop(headers: RawHeaders) -> int:
    """How many calls of this platform led to this one. What is no number counts as too many."""
    values = [value for name, value in headers if name == _HOP]
    if not values:
        return 0
    most = 1_000
    return max(int(value) if value.isdigit() and len(value) <= len(str(most)) else most for value in values)
