"""What travels about questions to people and other systems."""

from uuid import UUID

from workflows.contracts.execution import Contract


class WithdrawInput(Contract):
    """Something that was asked and needs no answer any longer.

    Attributes:
        name: the function of the catalogue that asked.
        expired: its own time was up.
    """

    execution_id: UUID
    key: str
    name: str
    expired: bool = False


class AnswersResult(Contract):
    """What a pass over answers and mail did: answers signalled, messages sent."""

    delivered: int
    sent: int
