"""The whole outputs of tasks whose entry in the log has only a part: many in one object, each found by its bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zilliance.payloads import payload_prefix

if TYPE_CHECKING:
    from zilliance.storage import ObjectStore

_REFERENCE = re.compile(r"outputs/(\d{1,9}-\d{1,9}):(\d{1,12})-(\d{1,12})")


def outputs_key(workflow_id: str, part: str) -> str:
    """Where one lot of them is kept. They go with the execution's payloads."""
    return f"{payload_prefix(workflow_id)}outputs/{part}"


async def read_output(store: ObjectStore, workflow_id: str, reference: str) -> bytes:
    """The JSON text that an entry's `reference` stands for.

    Raises ValueError for a reference of no such form, MissingObjectError, UnavailableError.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(f"not the reference of an output: {reference!r:.80}")
    part, first, last = found.groups()
    async with store.read(outputs_key(workflow_id, part), first=int(first), last=int(last)) as chunks:
        return b"".join([chunk async for chunk in chunks])
