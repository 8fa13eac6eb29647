"""The one door to hosts that users name: it dials public addresses only, and reads no more and no longer than told."""

import asyncio
import logging
import os
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.typedefs import StrOrURL
from yarl import URL

from zilliance.addresses import is_public
from zilliance.errors import AppError

HOP_HEADER = "x-zilliance-hop"
MAX_HOPS = 8

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PORTS = frozenset({80, 443, 8080, 8443})
# The connection is ours, not the caller's: these would change its framing or send it to another virtual host.
_OUR_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", HOP_HEADER}
)
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "apikey", "x-api-key"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 65_536

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_URL_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]+)")
_NAME = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?")

_log = logging.getLogger(__name__)

type_of_address = tuple[str | int, ...]
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Give every address of a name. Raises OSError when it has none."""


class OutboundFailure(StrEnum):
    """What went wrong with a call that was allowed."""

    TIMEOUT = "timeout"
    CONNECT = "connect"
    TLS = "tls"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"


class OutboundRefusedError(AppError):
    """A call that is not made: its URL, address or headers are not allowed. The same call is refused for ever."""

    status = 400
    code = "OUTBOUND_REFUSED"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutboundFailedError(AppError):
    """A call that was made and brought no usable answer."""

    status = 502
    code = "OUTBOUND_FAILED"

    def __init__(self, kind: OutboundFailure, message: str) -> None:
        super().__init__(message, status=504 if kind is OutboundFailure.TIMEOUT else 502, details={"kind": kind})
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class OutboundRequest:
    """A call to make.

    Attributes:
        timeout: seconds for the whole of it: names, redirects and the last byte of the body.
        max_bytes: how much of a body is taken, counted after decompression.
        redirects: how many are followed; 0 returns the redirect itself.
        hop: how many of this platform's own calls led to this one (the HOP_HEADER of the request being served).
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float
    max_bytes: int
    redirects: int = 0
    hop: int = 0


@dataclass(frozen=True, kw_only=True)
class OutboundResponse:
    """An answer, whatever its status. Header names are in lower case; a repeated one is joined with a comma."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    url: str


class OutboundClient:
    """Makes guarded calls; one a process, made inside the running loop and closed with it.

    Every connection is opened for one call, so that each address is checked at the moment it is dialled: a name that
    answers a public address first and an inside one later gets nowhere.
    """

    def __init__(
        self,
        *,
        allow_http: bool,
        egress_map: Mapping[str, str] | None = None,
        own_hosts: Iterable[str] = (),
        lookup: Lookup | None = None,
    ) -> None:
        """Make a client.

        Args:
            allow_http: whether plain HTTP is allowed as well as HTTPS.
            egress_map: origins that a local server stands for, such as `{"https://host": "http://127.0.0.1:9000"}`.
            own_hosts: public names of this platform, refused because a workflow that calls itself never ends.
            lookup: where addresses of names come from; the system by default.
        """
        self._allow_http = allow_http
        self._stand_ins = {_origin(URL(name)): URL(target) for name, target in (egress_map or {}).items()}
        self._own_hosts = frozenset(host.lower().rstrip(".") for host in own_hosts)
        self._guarded = _session(
            aiohttp.TCPConnector(
                resolver=_GuardedResolver(lookup or _system_lookup),
                socket_factory=_guarded_socket,
                use_dns_cache=False,
                force_close=True,
                limit_per_host=16,
            )
        )
        self._unguarded = _session(aiohttp.TCPConnector(use_dns_cache=False, force_close=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._guarded.close()
        await self._unguarded.close()

    async def request(self, request: OutboundRequest) -> OutboundResponse:
        """Make one call. Raises OutboundRefusedError or OutboundFailedError, and nothing else."""
        _check_message(request)
        url = _parse(request.url)
        try:
            async with asyncio.timeout(request.timeout):
                return await self._follow(request, url)
        except TimeoutError as error:
            message = f"{url.host} did not answer in full within {request.timeout:g} s"
            raise OutboundFailedError(OutboundFailure.TIMEOUT, message) from error

    async def _follow(self, request: OutboundRequest, url: URL) -> OutboundResponse:
        for _ in range(request.redirects + 1):
            response = await self._send(request, url)
            location = response.headers.get("location")
            if not request.redirects or response.status not in _REDIRECTS or location is None:
                return response
            target = _redirect_target(url, location)
            request, url = _redirected(request, response.status, url, target), target
        message = f"{url.host} redirected more than {request.redirects} times"
        raise OutboundFailedError(OutboundFailure.PROTOCOL, message)

    async def _send(self, request: OutboundRequest, url: URL) -> OutboundResponse:
        session, dialled = self._route(url)
        headers = {"User-Agent": "Zilliance", **request.headers, "Host": url.host_port_subcomponent or ""}
        headers[HOP_HEADER] = str(request.hop + 1)
        try:
            async with session.request(
                request.method.upper(), dialled, headers=headers, data=request.body, allow_redirects=False
            ) as response:
                return OutboundResponse(
                    status=response.status,
                    reason=response.reason or "",
                    body=await _read(response, request.max_bytes),
                    headers=_headers_of(response),
                    url=str(url),
                )
        except aiohttp.ClientError as error:
            raise _explained(error, url) from error

    def _route(self, url: URL) -> tuple[aiohttp.ClientSession, URL]:
        """Where a URL is dialled, and by which session: a stand-in may be on loopback, nothing else may."""
        stand_in = self._stand_ins.get(_origin(url))
        if stand_in is not None:
            return self._unguarded, stand_in.join(url.relative())
        self._check_policy(url)
        return self._guarded, url

    def _check_policy(self, url: URL) -> None:
        host = (url.raw_host or "").rstrip(".")
        if url.scheme != "https" and not self._allow_http:
            raise OutboundRefusedError(f"{url.scheme}://{host} is not allowed: use https")
        if url.port not in _PORTS:
            raise OutboundRefusedError(f"port {url.port} of {host} is not allowed: use 80, 443, 8080 or 8443")
        if host in self._own_hosts:
            raise OutboundRefusedError(f"{host} is this platform itself: a call to it could go round for ever")
        if _is_literal(host) and not is_public(host):
            raise OutboundRefusedError(f"{host} is not a public address")


class _AddressRefusedError(OSError):
    """A connection to an inside address; an OSError, because that is what the connector carries up unharmed."""


class _GuardedResolver(AbstractResolver):
    """Refuses a name if any of its addresses is not public, even when another one is."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._lookup(host, port)
        for address in addresses:
            _check_address(address)
        return [_resolved(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing is held."""


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # the caller's total covers every part
        trust_env=False,
    )
