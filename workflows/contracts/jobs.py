"""What travels for bulk jobs: the job's id; everything else is in its row."""

from uuid import UUID

from workflows.contracts.execution import Contract


class BulkJobInput(Contract):
    """One job."""

    job_id: UUID


class BulkJobStep(Contract):
    """What a step of a job came to.

    Attributes:
        open: whether another step is to follow.
        pause: seconds to wait before it, which keeps to the job's rate.
    """

    open: bool
    pause: float = 0.0


class BulkJobResult(Contract):
    """How many steps the last run of the workflow took; the row says what came of them."""

    steps: int
