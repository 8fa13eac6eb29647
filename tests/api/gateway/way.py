"""The way through the gateway, from a client over HTTP to a target that a server of the tests stands for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from tests.api.gateway.owners import TARGET, Owner, new_owner
from tests.api.served import Served, served
from tests.unit.upstream import Received, Upstream
from zilliance.gateway_settings import GatewaySettings
from zilliance.settings import Settings


@dataclass
class Way:
    """An owner with a key that opens all of his endpoints, and the server behind them."""

    api: Served
    upstream: Upstream
    owner: Owner
    key: str

    async def endpoint(self, path: str, method: str = "GET", target: str = "", **columns: Any) -> UUID:
        return await self.owner.endpoint(path, method, target_url=f"{TARGET}{target or path}", **columns)

    async def call(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        headers = {"x-api-key": self.key, **more.pop("headers", {})}
        return await self.api.http.request(method, f"/gateway/v1{path}", headers=headers, **more)

    @property
    def received(self) -> Received:
        """The last request that the target got."""
        return self.upstream.received[-1]

    async def raw(self, head: str, body: bytes = b"") -> bytes:
        """What is answered to a request that no client would send; `head` without Host and key."""
        first, _, rest = head.partition("\r\n")
        lines = [first, "Host: x", f"X-Api-Key: {self.key}", *([rest] if rest else [])]
        return await self.api.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body)


@asynccontextmanager
async def way_through(settings: Settings, *, stand_in: str = "", **gateway: Any) -> AsyncIterator[Way]:
    """One with settings of its own; `stand_in` takes the place of the upstream that is asked usually."""
    async with Upstream.listening() as upstream:
        changed = {"egress_map": {TARGET: stand_in or upstream.url}, "gateway": GatewaySettings(**gateway)}
        async with served(settings.model_copy(update=changed)) as api:
            owner = await new_owner(api)
            key = await owner.key(rate_limit=100_000)
            yield Way(api, upstream, owner, key["key"])
