"""Where a request goes: an endpoint's target with the values of the path in the places of its parameters."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from api.gateway.paths import GatewayPath, encode_segment
from api.gateway.patterns import PARAMETER, WILDCARD
from zilliance.errors import InvalidInputError

_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_WRITTEN = "!$&'()*+,;=:@-._~/?%[]{}"  # what an owner wrote stays as it is, but for what no URL may hold


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint's target, read once.

    Attributes:
        origin: the part that no request changes.
        path: percent-encoded, with its parameters as they are written.
        has_parameters: whether path or query names one.
        pattern: the endpoint's path by segments.
    """

    origin: str
    path: str
    query: str
    has_parameters: bool
    pattern: tuple[str, ...]

    @classmethod
    def of(cls, target_url: str, pattern: tuple[str, ...]) -> "Target":
        plain = target_url.partition("#")[0]
        authority = _AUTHORITY.match(plain)
        origin = authority[0] if authority else plain
        path, _, query = plain[len(origin) :].partition("?")
        path, query = quote(path or "/", safe=_WRITTEN), quote(query, safe=_WRITTEN)
        return cls(origin, path, query, PARAMETER.search(path + query) is not None, pattern)

    def at(self, path: GatewayPath, query: str) -> tuple[str, str]:
        """Path and query for one request, percent-encoded. Raises InvalidInputError for what cannot stand there."""
        joined, fixed = self.path, self.query
        if self.has_parameters:
            values = {name[1:-1]: value for name, value in zip(self.pattern, path.segments, strict=False)}
            joined = PARAMETER.sub(lambda found: encode_segment(values.get(found[1], found[0])), joined)
            fixed = PARAMETER.sub(lambda found: quote(values.get(found[1], found[0]), safe=""), fixed)
        if self.pattern and self.pattern[-1] == WILDCARD:
            joined = f"{joined.rstrip('/')}/{_rest(path.segments[len(self.pattern) - 1 :])}"
        query = _beside(fixed, query) if fixed and query else query
        return joined, f"{fixed}&{query}" if fixed and query else fixed or query


def _beside(fixed: str, query: str) -> str:
    """The caller's query without what the owner has said: of two parameters of one name, many targets take the last."""
    names = {_name_of(pair) for pair in fixed.split("&")}
    return "&".join(pair for pair in query.split("&") if names.isdisjoint(_name_of(part) for part in pair.split(";")))


def _name_of(pair: str) -> str:
    """A parameter's name as the most lenient of targets reads it: without `[]`, and in any spelling."""
    name = unquote_plus(pair.partition("=")[0]).partition("\0")[0].strip().partition("[")[0]
    return name.replace(".", "_").replace(" ", "_").lower()


def _rest(segments: tuple[str, ...]) -> str:
    if any("@" in segment for segment in segments):
        raise InvalidInputError("The path has an @ behind the fixed part of the endpoint's", code="INVALID_PATH")
    return "/".join(encode_segment(segment) for segment in segments)
