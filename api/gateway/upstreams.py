"""What a process holds of the endpoints it calls: connections, opened headers, breakers, and what is under way."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from api.gateway.admission import Admission
from api.gateway.breaker import Breaker
from api.gateway.joining import Target
from api.gateway.sealed_headers import open_headers
from zilliance.errors import BusyError
from zilliance.gateway_settings import GatewaySettings
from zilliance.outbound_pools import OutboundPools, Pool
from zilliance.outbound_rules import check_message
from zilliance.sealing import Sealer

MOST_KEPT = 1000


@dataclass(slots=True)
class Upstream:
    """An endpoint as it was last changed.

    Attributes:
        headers: those that its owner configured, by names in lower case.
        open: exchanges that are under way.
        is_replaced: a newer one took its place, or it was let go: it is closed with its last exchange.
    """

    version: datetime | None
    owner: UUID
    target: Target
    headers: Mapping[str, str]
    pool: Pool
    breaker: Breaker = field(default_factory=Breaker)
    open: int = 0
    is_replaced: bool = False


class Upstreams:
    """The endpoints that were called lately."""

    def __init__(self, pools: OutboundPools, sealer: Sealer, settings: GatewaySettings) -> None:
        self._pools = pools
        self._sealer = sealer
        self._settings = settings
        self._kept: OrderedDict[UUID, Upstream] = OrderedDict()
        self._by_owner: Counter[UUID] = Counter()
        self._open = 0
        self._closing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Cut all connections."""
        kept, self._kept = self._kept, OrderedDict()
        for upstream in kept.values():
            await upstream.pool.close()
        await asyncio.gather(*self._closing)

    @contextmanager
    def taken(self, admission: Admission, owner: UUID, endpoint: UUID) -> Generator[Upstream]:
        """The upstream of an endpoint, for one exchange.

        Raises OutboundRefusedError when it must not be called, BusyError when too many exchanges are under way.
        """
        upstream = self._upstream(admission, owner, endpoint)
        self._check_room(upstream)
        self._count(upstream, 1)
        try:
            yield upstream
        finally:
            self._count(upstream, -1)
            if upstream.is_replaced and not upstream.open:
                self._close(upstream)

    def _upstream(self, admission: Admission, owner: UUID, endpoint: UUID) -> Upstream:
        kept = self._kept.get(endpoint)
        if kept is not None and kept.version == admission.endpoint_version:
            self._kept.move_to_end(endpoint)
            return kept
        fresh = self._made(admission, owner)
        if kept is not None:
            self._let_go(kept)
        self._kept[endpoint] = fresh
        if len(self._kept) > MOST_KEPT:
            self._let_go(self._kept.pop(self._least_needed()))
        return fresh

    def _least_needed(self) -> UUID:
        """The one that was used least lately of the owner who has the most: nobody drives out what others keep."""
        owner = Counter(each.owner for each in self._kept.values()).most_common(1)[0][0]
        return next(endpoint for endpoint, each in self._kept.items() if each.owner == owner)

    def _made(self, admission: Admission, owner: UUID) -> Upstream:
        target = Target.of(admission.target_url, admission.segments)
        headers = open_headers(self._sealer, owner, admission.sealed_headers)
        check_message("GET", headers, 0)
        pool = self._pools.pool(target.origin, owner=str(owner), connections=self._settings.most_open_by_endpoint)
        named = {name.lower(): value for name, value in headers.items()}
        return Upstream(admission.endpoint_version, owner, target, named, pool)

    def _check_room(self, upstream: Upstream) -> None:
        most = self._settings
        free = most.most_open - self._open
        if free <= 0:
            raise _busy("the gateway has")
        if upstream.open >= most.most_open_by_endpoint:
            raise _busy("this endpoint has")
        # Nobody has more than is left to all others, so that a few whose targets never end take not all of it.
        if self._by_owner[upstream.owner] >= min(most.most_open_by_owner, free):
            raise _busy("the owner of this endpoint has")

    def _count(self, upstream: Upstream, number: int) -> None:
        upstream.open += number
        self._open += number
        self._by_owner[upstream.owner] += number
        if not self._by_owner[upstream.owner]:
            del self._by_owner[upstream.owner]

    def _let_go(self, upstream: Upstream) -> None:
        upstream.is_replaced = True
        if not upstream.open:
            self._close(upstream)

    def _close(self, upstream: Upstream) -> None:
        task = asyncio.create_task(upstream.pool.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _busy(whose: str) -> BusyError:
    return BusyError(f"As many requests are under way as {whose} room for: try again shortly")
