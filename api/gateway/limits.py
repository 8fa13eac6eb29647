"""Where a limit of the gateway stands, as headers and refusals tell it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit after a request was counted in it, or was not.

    Attributes:
        name: `key`, `endpoint` (both a minute), `day` or `month` (quotas of the key).
        quota: how many the window takes.
        window: its seconds.
        remaining: how many more it takes now.
        reset: in how many seconds it takes one more than that.
    """

    name: str
    quota: int
    window: int
    remaining: int
    reset: float
