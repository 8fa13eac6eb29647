"""Guessing is slowed here: each account, known or not, has a counter for each network that fails at it."""

import hmac
import ipaddress
import math
from dataclasses import dataclass

from models.queries import login_failures
from models.queries.login_failures import Limits
from zilliance.database import Connection
from zilliance.errors import RateLimitedError

LIMITS = Limits(free_failures=5, longest_wait=900, window=3600)
_IPV4_BITS = 24
_IPV6_BITS = 64  # what one customer of a provider has at the least


@dataclass(frozen=True, slots=True)
class SignInGuard:
    """The counter of one address from one network. It knows nothing of whether the account exists."""

    key: bytes

    @classmethod
    def of(cls, email: str, ip: str | None, *, secret: str) -> "SignInGuard":
        # Keyed, so that the table does not tell who tried to sign in.
        return cls(hmac.digest(secret.encode(), f"sign-in\n{email}\n{network_of(ip)}".encode(), "sha256"))

    async def admit(self, connection: Connection) -> None:
        """Let an attempt pass: before anything is hashed for it, and again before it is told that it was right.

        Guesses that are sent all at once pass the first time together; but for the first few of them, none learns
        anything the second time. Raises RateLimitedError with `Retry-After`.
        """
        wait = await login_failures.seconds_to_wait(connection, self.key)
        if wait > 0:
            raise RateLimitedError(
                "Request rate limit reached",
                code="over_request_rate_limit",
                headers={"Retry-After": str(math.ceil(wait))},
            )

    async def count(self, connection: Connection) -> None:
        """Count a failure. Raises RateLimitedError where others have used up the patience meanwhile."""
        if not await login_failures.count(connection, self.key, LIMITS):
            await self.admit(connection)

    async def clear(self, connection: Connection) -> None:
        await login_failures.clear(connection, self.key)


def network_of(ip: str | None) -> str:
    """The network that an address is counted with; callers without one are counted together."""
    if ip is None:
        return ""
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = _IPV4_BITS if address.version == 4 else _IPV6_BITS  # noqa: PLR2004
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
