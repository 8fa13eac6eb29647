"""Which addresses an outbound connection may be made to: checked at the look-up of a name, and when dialled."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

from zilliance.addresses import is_public

log = logging.getLogger(__name__)

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
_AddressInfo = tuple[int, int, int, str, tuple[str | int, ...]]
_Found = tuple[int, int, int, str, tuple[object, ...]]
_SLOW_SECONDS = 60.0
_MOST_SLOW = 1000
_STREAM, _FLAGS = socket.SOCK_STREAM, socket.AI_ADDRCONFIG


class AddressRefusedError(OSError):
    """An inside address; an OSError because that is the one kind that the connector carries up whole."""


class GuardedResolver(AbstractResolver):
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
            check_address(address, host)
        return [_resolved(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing is held."""


def guarded_socket(info: _AddressInfo) -> socket.socket:
    """Make the socket for an address that is about to be dialled: the final check, after names are settled."""
    family, kind, protocol, _, destination = info
    check_address(str(destination[0]), "a connection")
    return socket.socket(family, kind, protocol)


def check_address(address: str, host: str) -> None:
    if is_public(address) and not _is_own(address):
        return
    # The address goes to our log and not to the caller: it would tell what the names of our network stand for.
    log.warning("outbound call refused", extra={"host": host, "address": address})
    raise AddressRefusedError


def _is_own(address: str) -> bool:
    """Whether a packet to this address would stay on this machine. Nothing is sent: the route alone is asked for."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return False
        return str(probe.getsockname()[0]) == address


async def system_lookup(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=_STREAM, flags=_FLAGS)
    return _addresses(found)


class Lookups:
    """A look-up on threads of its own, so that slow name servers hold up nothing but each other.

    A host that somebody gave up on is not asked for again for a while: whoever comes next does not wait as long.
    """

    def __init__(self, threads: int, ask: Callable[..., Sequence[_Found]] = socket.getaddrinfo) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lookup")
        self._ask = ask
        self._slow: dict[str, float] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        if self._slow.get(host, 0.0) > loop.time():
            message = f"{host} was not looked up in time a moment ago"
            raise OSError(message)
        look_up = partial(self._ask, host, port, type=_STREAM, flags=_FLAGS)
        try:
            return _addresses(await loop.run_in_executor(self._threads, look_up))
        except asyncio.CancelledError:
            self._slow.pop(host, None)
            self._slow[host] = loop.time() + _SLOW_SECONDS
            if len(self._slow) > _MOST_SLOW:
                del self._slow[next(iter(self._slow))]
            raise

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(found: Sequence[_Found]) -> Sequence[str]:
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _resolved(host: str, port: int, address: str) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    of_address = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=of_address, proto=0, flags=flags)
