"""What travels between a schedule, the workflow that it starts, and the execution that this begins."""

from datetime import datetime
from uuid import UUID

from workflows.contracts.execution import Contract, ExecuteWorkflowInput


class FireInput(Contract):
    """One moment of a schedule.

    Attributes:
        definition_id: what is to run.
        follows: whether the next moment cares how long this run takes: then its end is waited for.
        execution_id: the run, once it is begun; for a continuation that only waits.
    """

    definition_id: UUID
    follows: bool = True
    execution_id: UUID | None = None


class BeginInput(Contract):
    """A run to begin for one moment; `key` stands for it, so that a repeat begins no second one."""

    definition_id: UUID
    key: str
    scheduled_at: datetime


class BegunRun(Contract):
    """What came of it: `created`, `known` or `queued` with the run; `skipped`, `inactive`, `missing` or `crowded`."""

    outcome: str
    run: ExecuteWorkflowInput | None = None


class AfterInput(Contract):
    """A definition that runs again some time after each end."""

    definition_id: UUID


class AfterState(Contract):
    """Where such a definition stands.

    Attributes:
        open_run: its last run, if that has not ended.
        seconds: until the next begins, when none is open; None when it begins no more.
        key: stands for the next run.
    """

    open_run: UUID | None = None
    seconds: float | None = None
    key: str = ""
