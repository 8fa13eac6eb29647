"""What scheduled housekeeping tells of itself."""

from workflows.contracts.execution import Contract


class SweepResult(Contract):
    """What a pass of the sweep did: versions of objects whose bytes are gone now."""

    discarded: int
