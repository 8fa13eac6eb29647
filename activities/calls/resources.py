"""External resources that calls refer to, such as OpenAPI documents: fetched under the guard, kept for a while."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

KEPT_SECONDS = 300.0
KEPT = 64
KEPT_BYTES = 32 * 1024 * 1024
MAX_RESOURCE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Resource:
    """What an address answered.

    Attributes:
        url: where it came from in the end, after redirects; relative addresses inside are meant from there.
    """

    url: str
    content_type: str
    content: bytes


ResourceKey = tuple[UUID, str, str]


def resource_key(owner: UUID, uri: str, policy: Mapping[str, object] | None) -> ResourceKey:
    """What one owner may read is not another's, even at the same address."""
    return owner, uri, hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest()


class ResourceCache:
    """Resources that were fetched lately, bounded in number and in bytes; one a worker."""

    def __init__(self) -> None:
        self._kept: OrderedDict[ResourceKey, tuple[float, Resource]] = OrderedDict()
        self._bytes = 0

    def get(self, key: ResourceKey) -> Resource | None:
        """The resource, while it is fresh."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] < asyncio.get_running_loop().time():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: ResourceKey, resource: Resource) -> None:
        self._drop(key)
        self._kept[key] = (asyncio.get_running_loop().time() + KEPT_SECONDS, resource)
        self._bytes += len(resource.content)
        while len(self._kept) > KEPT or self._bytes > KEPT_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: ResourceKey) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped[1].content)
