"""The one door to hosts that users name: it dials public addresses only, and reads no more and no longer than told."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import aiohttp
from yarl import URL

from zilliance.outbound_addresses import (
    AddressRefusedError,
    GuardedResolver,
    Lookup,
    check_address,
    guarded_socket,
    system_lookup,
)
from zilliance.outbound_faults import explained
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
    http_form,
    origin_of,
    parse_url,
    redirect_target,
    redirected,
)
from zilliance.outbound_sessions import headers_of, read_body, session_of
from zilliance.outbound_streams import OutboundSocket, OutboundStream
from zilliance.settings import Environment, Settings

__all__ = [
    "HOP_HEADER",
    "MAX_HOPS",
    "Dialled",
    "OutboundClient",
    "OutboundFailedError",
    "OutboundFailure",
    "OutboundRefusedError",
    "OutboundRequest",
    "OutboundResponse",
    "OutboundSocket",
    "OutboundStream",
]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECTIONS_PER_HOST = 16


@dataclass(frozen=True, slots=True)
class Dialled:
    """Where a connection that speaks no HTTP of ours may be made to: an address that was checked, never a name."""

    address: str
    port: int
    tls: bool


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
        self._lookup = lookup or system_lookup
        self._guarded = session_of(
            aiohttp.TCPConnector(
                resolver=GuardedResolver(self._lookup),
                socket_factory=guarded_socket,
                use_dns_cache=False,
                force_close=True,
                limit_per_host=_CONNECTIONS_PER_HOST,
            )
        )
        self._unguarded = session_of(aiohttp.TCPConnector(use_dns_cache=False, force_close=True))

    @classmethod
    def of(cls, settings: Settings, lookup: Lookup | None = None) -> Self:
        """As the platform's settings say: plain HTTP in development, and nowhere to the platform itself."""
        own_host = URL(settings.api_url).host
        return cls(
            allow_http=settings.environment is Environment.DEVELOPMENT,
            egress_map=settings.egress_map,
            own_hosts=[own_host] if own_host and settings.public_url else [],
            lookup=lookup,
        )

    @property
    def allows_http(self) -> bool:
        """Whether a connection may go without TLS."""
        return self._allow_http

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

    @asynccontextmanager
    async def stream(self, request: OutboundRequest) -> AsyncGenerator[OutboundStream]:
        """Make one call whose body is read as it comes; no redirect is followed, and the caller minds the time.

        Raises OutboundRefusedError or OutboundFailedError, also while the body is read.
        """
        check_message(request.method, request.headers, request.hop)
        url = parse_url(request.url)
        session, dialled = self._route(url)
        try:
            async with session.request(
                request.method, dialled, headers=_headers(request, url), data=request.body, allow_redirects=False
            ) as response:
                headers = headers_of(response)
                host = url.host or ""
                yield OutboundStream(
                    response.status, response.reason or "", headers, host, request.max_bytes, response.content
                )
        except aiohttp.ClientError as error:
            raise explained(error, url) from error

    @asynccontextmanager
    async def websocket(self, request: OutboundRequest) -> AsyncGenerator[OutboundSocket]:
        """Open a WebSocket at a `ws`, `wss` or HTTP URL; `max_bytes` bounds one message, the caller minds the time.

        Raises OutboundRefusedError or OutboundFailedError.
        """
        check_message("GET", request.headers, request.hop)
        url = parse_url(http_form(request.url))
        session, dialled = self._route(url)
        try:
            async with session.ws_connect(
                dialled, headers=_headers(request, url), max_msg_size=request.max_bytes, autoping=True
            ) as socket:
                yield OutboundSocket(socket, url.host or "")
        except aiohttp.WSServerHandshakeError as error:
            message = f"{url.host} did not open a WebSocket: it answered with status {error.status}"
            raise OutboundFailedError(OutboundFailure.PROTOCOL, message) from error
        except aiohttp.ClientError as error:
            raise explained(error, url) from error

    def check(self, url: URL, *, ports: frozenset[int]) -> None:
        """Raise OutboundRefusedError for what can be refused without a look-up of its name."""
        if origin_of(url) not in self._stand_ins:
            check_policy(url, allow_http=self._allow_http, own_hosts=self._own_hosts, ports=ports)

    async def dial(self, url: URL, *, ports: frozenset[int]) -> Dialled:
        """The address of a host for a client that is not HTTP's: looked up, checked, to be dialled as it is.

        Args:
            url: of which scheme, host and port count; the egress map knows it by these.
            ports: those that may be dialled.
        """
        target = self._stand_ins.get(origin_of(url))
        if target is not None:
            return Dialled(target.host or "", target.port or 0, target.scheme == "https")
        self.check(url, ports=ports)
        host, port = (url.raw_host or "").rstrip("."), url.port or 0
        try:
            addresses = await self._lookup(host, port)
            for address in addresses:
                check_address(address, host)
        except AddressRefusedError as error:
            raise OutboundRefusedError(f"{host} leads to an address that is not public") from error
        except OSError as error:
            raise OutboundFailedError(OutboundFailure.CONNECT, f"{host} has no address") from error
        if not addresses:
            raise OutboundFailedError(OutboundFailure.CONNECT, f"{host} has no address")
        return Dialled(addresses[0], port, url.scheme == "https")

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
        try:
            async with session.request(
                request.method, dialled, headers=_headers(request, url), data=request.body, allow_redirects=False
            ) as response:
                body = await read_body(response, request.max_bytes)
                return OutboundResponse(
                    status=response.status,
                    reason=response.reason or "",
                    headers=headers_of(response),
                    body=body,
                    url=str(url),
                )
        except aiohttp.ClientError as error:
            raise explained(error, url) from error

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


def _headers(request: OutboundRequest, url: URL) -> dict[str, str]:
    """Those of the caller, and ours: a stand-in is told the name that it stands for."""
    return {**request.headers, "Host": url.host_port_subcomponent or "", HOP_HEADER: str(request.hop + 1)}
