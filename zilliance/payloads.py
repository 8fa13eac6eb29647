"""Values too large for a history: their bytes go to the S3 store, and Temporal keeps a reference."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    ExternalStorage,
    JSONPlainPayloadConverter,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverWorkflowInfo,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporalio.converter import (
        StorageDriverRetrieveContext,
        StorageDriverSelectContext,
        StorageDriverStoreContext,
    )

    from zilliance.storage import ObjectStore

# From here on a value travels as a reference (DESIGN section 6).
REFERENCE_BYTES = 64 * 1024
RECENT_BYTES = 32 * 1024 * 1024  # of one process: what it has just written, it most likely reads next

_LOCAL = "zilliance-local"  # in the metadata of values that do not leave the process


class DamagedPayloadError(Exception):
    """The bytes under a key are not those that were written."""


def payload_prefix(workflow_id: str) -> str:
    """Where everything is that one Temporal workflow keeps in the store: its payloads, its tasks' whole outputs."""
    return f"payloads/{quote(workflow_id, safe='/')}/"


async def discard_payloads(store: ObjectStore, workflow_id: str) -> None:
    """Delete all of it, for good: for a workflow whose history is gone, or of no use any more.

    May be repeated. Raises UnavailableError.
    """
    await store.discard_under(payload_prefix(workflow_id))


class ObjectStoreDriver(StorageDriver):
    """Payloads as objects, each under its workflow's prefix and named by its digest: written twice, it is one object.

    Every method raises UnavailableError while the store cannot be reached. A workflow task or an activity that meets
    this is tried again by Temporal, so an outage delays executions and fails none.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._recent_size = 0

    def name(self) -> str:
        return "zilliance-objects"

    async def store(self, context: StorageDriverStoreContext, payloads: Sequence[Payload]) -> list[StorageDriverClaim]:
        target = context.target
        owner = (target.id if isinstance(target, StorageDriverWorkflowInfo) else None) or "unnamed"
        keys = await asyncio.gather(*(self.keep(owner, payload) for payload in payloads))
        return [StorageDriverClaim({"key": key}) for key in keys]

    async def retrieve(
        self,
        context: StorageDriverRetrieveContext,  # noqa: ARG002  the SDK's
        claims: Sequence[StorageDriverClaim],
    ) -> list[Payload]:
        texts = await asyncio.gather(*(self._fetch(claim.claim_data["key"]) for claim in claims))
        return [Payload.FromString(text) for text in texts]

    async def keep(self, workflow_id: str, payload: Payload) -> str:
        """Store one payload of a workflow, unless this process has just done so; its key."""
        body = payload.SerializeToString(deterministic=True)
        key = payload_prefix(workflow_id) + hashlib.sha256(body).hexdigest()
        if key not in self._recent:
            await self._store.replace(key, body)
            self._remember(key, body)
        return key

    async def _fetch(self, key: str) -> bytes:
        known = self._recent.get(key)
        if known is not None:
            return known
        body = await self._store.fetch(key)
        if hashlib.sha256(body).hexdigest() != key.rpartition("/")[2]:
            raise DamagedPayloadError(f"the object {key} is not what was written")
        self._remember(key, body)
        return body

    def _remember(self, key: str, body: bytes) -> None:
        if key in self._recent:
            return
        self._recent[key] = body
        self._recent_size += len(body)
        while self._recent_size > RECENT_BYTES:
            _, forgotten = self._recent.popitem(last=False)
            self._recent_size -= len(forgotten)


class _JsonConverter(PydanticJSONPlainPayloadConverter):
    """Marks values whose class says `stays_local`: arguments of local activities, which Temporal never sees."""

    def to_payload(self, value: Any) -> Payload | None:
        payload = super().to_payload(value)
        if payload is not None and getattr(value, "stays_local", False) is True:
            payload.metadata[_LOCAL] = b"true"
        return payload


class PayloadConverter(CompositePayloadConverter):
    """Pydantic's JSON for everything that the SDK itself has no form for."""

    def __init__(self) -> None:
        usual = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_JsonConverter() if isinstance(each, JSONPlainPayloadConverter) else each for each in usual))


def data_converter(store: ObjectStore) -> DataConverter:
    """The one converter of every process that talks to Temporal."""
    driver = ObjectStoreDriver(store)

    def select(_: StorageDriverSelectContext, payload: Payload) -> StorageDriver | None:
        return None if _LOCAL in payload.metadata else driver

    storage = ExternalStorage([driver], driver_selector=select, payload_size_threshold=REFERENCE_BYTES)
    return DataConverter(payload_converter_class=PayloadConverter, external_storage=storage)
