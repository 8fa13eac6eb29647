"""The one door to hosts that users name: it dials public addresses only, and reads no more and no longer than told."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from zilliance.addresses import is_public
from zilliance.errors import AppError
from zilliance.outbound_rules import (
    HOP_HEADER,
    MAX_HOPS,
    OutboundFailedError,
    OutboundFailure,
    OutboundRefusedError,
    OutboundRequest,
    OutboundResponse,
    check_message,
    check_policy,
    origin_of,
    parse_url,
    redirect_target,
    redirected,
)

__all__ = [
    "HOP_HEADER",
    "MAX_HOPS",
    "OutboundClient",
    "OutboundFailedError",
    "OutboundFailure",
    "OutboundRefusedError",
    "OutboundRequest",
    "OutboundResponse",
]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECTIONS_PER_HOST = 16
_CHUNK = 65_536

_log = logging.getLogger(__name__)

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
_AddressInfo = tuple[int, int, int, str, tuple[str | int, ...]]


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
            own_hosts: public names of this platform, refused because a workflow that calls itself need never end.
            lookup: gives every address of a name; the system's by default.
        """
        self._allow_http = allow_http
        self._stand_ins = {origin_of(URL(name)): URL(target) for name, target in (egress_map or {}).items()}
        self._own_hosts = frozenset(host.lower().rstrip(".") for host in own_hosts)
        self._guarded = _session(
            aiohttp.TCPConnector(
                resolver=_GuardedResolver(lookup or _system_lookup),
                socket_factory=_guarded_socket,
                use_dns_cache=False,
                force_close=True,
                limit_per_host=_CONNECTIONS_PER_HOST,
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
        """Make one call. Raises OutboundRefusedError or OutboundFailedError."""
        check_message(request.method, request.headers, request.hop)
        url = parse_url(request.url)
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
            target = redirect_target(url, location)
            request, url = redirected(request, response.status, url, target), target
        message = f"{url.host} was the end of more than {request.redirects} redirects: allow more or call it directly"
        raise OutboundFailedError(OutboundFailure.PROTOCOL, message)

    async def _send(self, request: OutboundRequest, url: URL) -> OutboundResponse:
        session, dialled = self._route(url)
        own = {"Host": url.host_port_subcomponent or "", HOP_HEADER: str(request.hop + 1)}
        try:
            async with session.request(
                request.method, dialled, headers={**request.headers, **own}, data=request.body, allow_redirects=False
            ) as response:
                body = await _read(response, request.max_bytes)
                return OutboundResponse(
                    status=response.status,
                    reason=response.reason or "",
                    headers=_headers_of(response),
                    body=body,
                    url=str(url),
                )
        except aiohttp.ClientError as error:
            raise _explained(error, url) from error

    def _route(self, url: URL) -> tuple[aiohttp.ClientSession, URL]:
        """Where a URL is dialled, and by which session: a stand-in may be on loopback, nothing else may."""
        target = self._stand_ins.get(origin_of(url))
        if target is None:
            check_policy(url, allow_http=self._allow_http, own_hosts=self._own_hosts)
            return self._guarded, url
        dialled = URL.build(
            scheme=target.scheme,
            host=target.host or "",
            port=target.port,
            path=url.raw_path,
            query_string=url.raw_query_string,
            encoded=True,
        )
        return self._unguarded, dialled


class _AddressRefusedError(OSError):
    """An inside address; an OSError because that is the one kind that the connector carries up whole."""


class _GuardedResolver(AbstractResolver):
    """Refuses a name if any of its addresses is not public, even where another one is."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  the base class names it
    ) -> list[ResolveResult]:
        addresses = await self._lookup(host, port)
        for address in addresses:
            _check_address(address, host)
        return [_resolved(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing is held."""


def _guarded_socket(info: _AddressInfo) -> socket.socket:
    """Make the socket for an address that is about to be dialled: the final check, after names are settled."""
    family, kind, protocol, _, destination = info
    _check_address(str(destination[0]), "a connection")
    return socket.socket(family, kind, protocol)


def _check_address(address: str, host: str) -> None:
    if is_public(address) and not _is_own(address):
        return
    # The address goes to our log and not to the caller: it would tell what the names of our network stand for.
    _log.warning("outbound call refused", extra={"host": host, "address": address})
    raise _AddressRefusedError


def _is_own(address: str) -> bool:
    """Whether a packet to this address would stay on this machine. Nothing is sent: the route alone is asked for."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return False
        return str(probe.getsockname()[0]) == address


async def _system_lookup(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _resolved(host: str, port: int, address: str) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    of_address = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=of_address, proto=0, flags=flags)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": "Zilliance"},
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # the caller's own limit covers every part
    )


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > limit:
            response.close()
            message = f"{response.url.host} answered with more than {limit} bytes"
            raise OutboundFailedError(OutboundFailure.TOO_LARGE, message)
    return bytes(body)


def _headers_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    """The headers of the body as it is handed over: already decompressed, so they no longer speak of compression."""
    names = dict.fromkeys(name.lower() for name in response.headers)
    if "content-encoding" in names:
        names.pop("content-encoding")
        names.pop("content-length", None)
    return {name: ", ".join(response.headers.getall(name)) for name in names}


# In this order: the first kind that fits says it best.
_EXPLANATIONS: tuple[tuple[type[aiohttp.ClientError], OutboundFailure, str], ...] = (
    (aiohttp.ClientSSLError, OutboundFailure.TLS, "has no valid certificate or does not speak TLS"),
    (aiohttp.ClientConnectorDNSError, OutboundFailure.CONNECT, "has no address"),
    (aiohttp.ClientOSError, OutboundFailure.CONNECT, "could not be reached"),
    (aiohttp.ServerDisconnectedError, OutboundFailure.PROTOCOL, "closed the connection without an answer"),
    (aiohttp.ClientPayloadError, OutboundFailure.PROTOCOL, "sent a body that is cut short or wrongly compressed"),
    (aiohttp.ClientError, OutboundFailure.PROTOCOL, "did not answer in valid HTTP"),
)


def _explained(error: aiohttp.ClientError, url: URL) -> AppError:
    """Say what went wrong, without the address that was dialled."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _AddressRefusedError):
        return OutboundRefusedError(f"{url.host} leads to an address that is not public")
    if isinstance(error, aiohttp.InvalidURL):
        return OutboundRefusedError(f"{str(url)[:200]!r} is not a URL that can be called")
    kind, fact = next((kind, fact) for of, kind, fact in _EXPLANATIONS if isinstance(error, of))
    errno = error.errno if isinstance(error, aiohttp.ClientOSError) else None
    reason = f": {os.strerror(errno)}" if errno and errno > 0 else ""  # a name server's own codes are below zero
    return OutboundFailedError(kind, f"{url.host} {fact}{reason}")
