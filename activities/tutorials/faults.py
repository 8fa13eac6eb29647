"""Faults with a code for programs, as the door to the models raises them, too."""

from temporalio.exceptions import ApplicationError

from activities.faults import DETAIL_LENGTH
from workflows.faults import FAULT
from workflows.language.problems import Kind, Problem


def tutorial_fault(code: str, kind: Kind, detail: str, *, status: int | None = None) -> ApplicationError:
    """A fault to raise out of an activity; it is final."""
    problem = Problem.of(kind, detail[:DETAIL_LENGTH], status=status)
    return ApplicationError(problem.detail or "", problem.as_json(), {"code": code}, type=FAULT, non_retryable=True)
