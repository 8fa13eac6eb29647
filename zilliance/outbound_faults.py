"""What the HTTP client's errors mean to whoever made the call."""

import os

import aiohttp
from yarl import URL

from zilliance.errors import AppError
from zilliance.outbound_addresses import AddressRefusedError
from zilliance.outbound_rules import OutboundFailedError, OutboundFailure, OutboundRefusedError

# In this order: the first kind that fits says it best.
_EXPLANATIONS: tuple[tuple[type[aiohttp.ClientError], OutboundFailure, str], ...] = (
    (aiohttp.ClientSSLError, OutboundFailure.TLS, "has no valid certificate or does not speak TLS"),
    (aiohttp.ClientConnectorDNSError, OutboundFailure.CONNECT, "has no address"),
    (aiohttp.ClientOSError, OutboundFailure.CONNECT, "could not be reached"),
    (aiohttp.ServerDisconnectedError, OutboundFailure.PROTOCOL, "closed the connection without an answer"),
    (aiohttp.ClientPayloadError, OutboundFailure.PROTOCOL, "sent a body that is cut short or wrongly compressed"),
    (aiohttp.ClientError, OutboundFailure.PROTOCOL, "did not answer in valid HTTP"),
)


def explained(error: aiohttp.ClientError, url: URL) -> AppError:
    """Say what went wrong, without the address that was dialled."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, AddressRefusedError):
        return OutboundRefusedError(f"{url.host} leads to an address that is not public")
    if isinstance(error, aiohttp.InvalidURL):
        return OutboundRefusedError(f"{str(url)[:200]!r} is not a URL that can be called")
    kind, fact = next((kind, fact) for of, kind, fact in _EXPLANATIONS if isinstance(error, of))
    errno = error.errno if isinstance(error, aiohttp.ClientOSError) else None
    reason = f": {os.strerror(errno)}" if errno and errno > 0 else ""  # a name server's own codes are below zero
    return OutboundFailedError(kind, f"{url.host} {fact}{reason}")
