"""Connections that are kept, for whoever calls one place often: each new one is checked as all outbound ones are."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self
from weakref import WeakValueDictionary

import aiohttp
from yarl import URL

from zilliance.outbound_addresses import AddressRefusedError, GuardedResolver, Lookup, guarded_socket
from zilliance.outbound_faults import explained
from zilliance.outbound_rules import check_policy, origin_of, parse_url
from zilliance.settings import Environment, Settings

Headers = Sequence[tuple[str, str]]
Body = bytes | AsyncIterator[bytes] | None

# Shorter than servers usually keep a silent connection: a request on one that is closing just then is lost.
_KEEP_SECONDS = 4.0
_LOOKUP_THREADS = 64  # made when needed, so that it takes many owners whose name servers are silent to hold up others
_LOOKUPS_BY_OWNER = 2
_TRIES = 3
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # RFC 9110, section 9.2.2, of the methods that are passed on
_PAUSE = 0.1  # before a place that took no connection is asked for one once more
# Headers that the library would add: an answer that was not asked for compressed could not be passed on as it is.
_NOT_ADDED = frozenset({"Accept", "Accept-Encoding", "Content-Type", "User-Agent"})


class PooledAnswer:
    """An answer whose body is still coming, as it is on the wire: nothing of it is decompressed or renamed."""

    __slots__ = ("_closed", "_response", "_url", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, url: URL) -> None:
        self._response = response
        self._url = url
        self.status = response.status
        self.headers: tuple[tuple[bytes, bytes], ...] = response.raw_headers
        connection = response.connection  # none any more, if the whole of the answer is here
        protocol = None if connection is None else connection.protocol
        self._closed = None if protocol is None else protocol.closed
        if self._closed is not None:
            self._closed.add_done_callback(self._break_off)

    @property
    def is_silent(self) -> bool:
        """Whether nothing of the body has come yet, and more is to come."""
        content = self._response.content
        return content.total_bytes == 0 and not content.at_eof()

    @property
    def is_complete(self) -> bool:
        """Whether all of the body was read."""
        return self._response.content.at_eof()

    async def read(self) -> bytes:
        """What has come of the body, at least a byte; nothing at its end. Raises OutboundFailedError when it is cut."""
        try:
            return await self._response.content.readany()
        except aiohttp.ClientError as error:
            raise explained(error, self._url) from error

    def close(self) -> None:
        """Let go of it. The connection is kept if both bodies had come to their ends."""
        if self._closed is not None:
            for each in (self._break_off, _hear):
                self._closed.remove_done_callback(each)
            self._closed.add_done_callback(_hear)
        self._response.close()

    def _break_off(self, closed: asyncio.Future[None]) -> None:
        """End a body whose connection is closed: the library lets one wait for ever that went wrong amid its chunks."""
        _hear(closed)
        content = self._response.content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError("the connection was closed"))


def _hear(closed: asyncio.Future[None]) -> None:
    """Take note of why a connection was closed, so that nothing is said of an error that nobody asked for."""
    if not closed.cancelled():
        closed.exception()


class Pool:
    """Connections to one origin, for one party: what one of them gets out of step can hurt nobody else."""

    def __init__(self, session: aiohttp.ClientSession, url: URL, dialled: URL, turns: asyncio.Semaphore | None) -> None:
        self._session = session
        self._url = url
        self._dialled = dialled
        self._turns = turns  # held, so that all pools of one owner share them
        self.host = url.host_port_subcomponent or ""

    async def send(self, method: str, path: str, query: str, headers: Headers, body: Body = None) -> PooledAnswer:
        """Make one call, and return when the head of its answer is there; no redirect is followed.

        `path` and `query` are percent-encoded already, `headers` were checked. Where no connection could be made, and
        where one broke before a byte of the answer, it is tried once more if the method is idempotent and the body can
        be sent again; never for anything that was answered. Raises OutboundRefusedError or OutboundFailedError; the
        caller minds the time.
        """
        url = URL.build(
            scheme=self._dialled.scheme,
            host=self._dialled.host or "",
            port=self._dialled.port,
            path=path,
            query_string=query,
            encoded=True,
        )
        try:
            return PooledAnswer(await self._send(method, url, [("Host", self.host), *headers], body), self._url)
        except aiohttp.ClientError as error:
            raise explained(error, self._url) from error

    async def close(self) -> None:
        """Cut every connection."""
        await self._session.close()

    async def _send(self, method: str, url: URL, headers: Headers, body: Body) -> aiohttp.ClientResponse:
        may_repeat = method in _IDEMPOTENT and (body is None or isinstance(body, bytes))
        tries = 1
        while True:
            try:
                # The library repeats idempotent requests itself, once, when a kept connection turns out to be broken.
                return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False)
            except _UnsentError:
                if tries == _TRIES:
                    raise
            except aiohttp.ClientConnectorError as error:
                if not may_repeat or tries > 1 or isinstance(error.os_error, AddressRefusedError):
                    raise
                await asyncio.sleep(_PAUSE)
            tries += 1


class OutboundPools:
    """Makes pools under the rules of outbound calls; one a process, made inside the running loop and closed with it."""

    def __init__(
        self,
        *,
        allow_http: bool,
        egress_map: Mapping[str, str] | None = None,
        own_hosts: Iterable[str] = (),
        lookup: Lookup | None = None,
    ) -> None:
        """Take the rules, which are those of `OutboundClient`."""
        self._allow_http = allow_http
        self._stand_ins = {origin_of(URL(name)): URL(target) for name, target in (egress_map or {}).items()}
        self._own_hosts = frozenset(host.lower().rstrip(".") for host in own_hosts)
        self._lookup = lookup
        # Threads of their own: a name server that is slow to answer must hold up no other work.
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, "gateway-lookup")
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the platform's settings say: plain HTTP in development, and nowhere to the platform itself."""
        own_host = URL(settings.api_url).host
        return cls(
            allow_http=settings.environment is Environment.DEVELOPMENT,
            egress_map=settings.egress_map,
            own_hosts=[own_host] if own_host and settings.public_url else [],
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def pool(self, target: str, *, owner: str, connections: int) -> Pool:
        """A pool of up to so many connections to the origin of a URL. Raises OutboundRefusedError.

        `owner` is whom the target is of: look-ups of names take turns among the pools of one.
        """
        url = parse_url(target)
        stand_in = self._stand_ins.get(origin_of(url))
        if stand_in is not None:
            return Pool(_session(aiohttp.TCPConnector(limit=connections)), url, stand_in, None)
        check_policy(url, allow_http=self._allow_http, own_hosts=self._own_hosts)
        turns = self._turns.get(owner)
        if turns is None:
            self._turns[owner] = turns = asyncio.Semaphore(_LOOKUPS_BY_OWNER)
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self._lookup or partial(self._look_up, turns)),
            socket_factory=guarded_socket,
            use_dns_cache=False,
            keepalive_timeout=_KEEP_SECONDS,
            limit=connections,
        )
        return Pool(_session(connector), url, url, turns)

    async def _look_up(self, turns: asyncio.Semaphore, host: str, port: int) -> Sequence[str]:
        """The system's answer. Who stops waiting keeps the turn until the thread is free: it cannot be interrupted."""
        await turns.acquire()
        call = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        looking = asyncio.get_running_loop().run_in_executor(self._threads, call)
        looking.add_done_callback(lambda _: turns.release())
        found = await asyncio.shield(looking)
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class _UnsentError(aiohttp.ServerDisconnectedError):
    """The connection was out of step before anything was sent on it."""


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Refuse a kept connection on which something came that nobody had asked for.

        It would be taken for the answer to this request, and each later one for that to the request behind it.
        """
        if conn.protocol is None or conn.protocol.should_close:
            raise _UnsentError
        return await super().send(conn)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        request_class=_Request,
        skip_auto_headers=_NOT_ADDED,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        auto_decompress=False,
    )
