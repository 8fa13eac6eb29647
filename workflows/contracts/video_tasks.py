"""What travels for videos that tasks of executions have processed."""

from uuid import UUID

from workflows.contracts.execution import Contract
from workflows.contracts.video import ProcessVideoInput


class BegunVideo(Contract):
    """The run that a task waits for.

    Attributes:
        is_open: it has no end yet.
        is_ours: the task has begun it: who cancels the task cancels it, too.
    """

    run: ProcessVideoInput
    is_open: bool
    is_ours: bool


class VideoRunInput(Contract):
    """A run of an owner's."""

    owner_id: UUID
    run_id: UUID
