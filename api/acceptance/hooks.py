"""Webhooks that were called lately, so that a call is one statement: each is checked again as the run begins."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

KEPT = 1000


@dataclass(frozen=True, slots=True)
class KnownHook:
    """A webhook with its secrets opened, as of one revision.

    Attributes:
        secrets: that may have signed a call; the last one only until `previous_until`.
        loaded_at: seconds of the monotonic clock.
    """

    id: UUID
    owner_id: UUID
    workflow_id: UUID
    scheme: str
    secret: str | None
    previous_secret: str | None
    previous_until: datetime | None
    methods: tuple[str, ...]
    respond: str
    revision: int
    loaded_at: float

    def secrets(self, now: float) -> list[str]:
        """Those that may sign at this moment, in seconds of the epoch."""
        found = [] if self.secret is None else [self.secret]
        if (
            self.previous_secret is not None
            and self.previous_until is not None
            and self.previous_until.timestamp() > now
        ):
            found.append(self.previous_secret)
        return found

    @property
    def age(self) -> float:
        return time.monotonic() - self.loaded_at


class KnownHooks:
    """By the digest of their token."""

    def __init__(self) -> None:
        self._hooks: OrderedDict[bytes, KnownHook] = OrderedDict()

    def get(self, token_hash: bytes) -> KnownHook | None:
        return self._hooks.get(token_hash)

    def keep(self, token_hash: bytes, hook: KnownHook | None) -> None:
        """Keep what was found; None: there is none such any more."""
        self._hooks.pop(token_hash, None)
        if hook is not None:
            self._hooks[token_hash] = hook
        if len(self._hooks) > KEPT:
            self._hooks.popitem(last=False)
