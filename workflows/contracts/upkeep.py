"""What scheduled housekeeping tells of itself."""

from workflows.contracts.execution import Contract


class TrimResult(Contract):
    """What a pass over old events did: pages of them that are gone now."""

    pages: int


class SweepResult(Contract):
    """What a pass of the sweep did: versions of objects, and prefixes of videos, whose bytes are gone now."""

    discarded: int
    prefixes: int = 0


class ExpiryResult(Contract):
    """What a pass of the retention did: executions whose time was over and that are deleted now."""

    deleted: int
