"""Refusals of PostgreSQL as faults of the language: what a workflow's author did, and can mend or catch."""

from temporalio.exceptions import ApplicationError

from workflows.faults import FAULT
from workflows.language.limits import Limits
from workflows.language.problems import Kind, Problem, WorkflowFault
from zilliance.database import PostgresError

# SQLSTATE, or its class, to the kind and the HTTP status that says it best. ZW is raised by models/sql/functions.
_BY_STATE = {
    "ZW400": (Kind.VALIDATION, 400),
    "ZW404": (Kind.RUNTIME, 404),
    "ZW409": (Kind.RUNTIME, 409),
    "ZW410": (Kind.RUNTIME, 410),
    "ZW413": (Kind.RUNTIME, 413),
    "ZW429": (Kind.RUNTIME, 429),
    "42501": (Kind.AUTHORIZATION, 403),
    "23505": (Kind.RUNTIME, 409),
    "23503": (Kind.RUNTIME, 409),
    "57014": (Kind.TIMEOUT, 408),
}
_BY_CLASS = {"22": (Kind.VALIDATION, 400), "23": (Kind.VALIDATION, 400), "P0": (Kind.VALIDATION, 400)}

# Serialization failures, deadlocks, lack of resources, shutdowns, lost connections: the same may work next time.
_PASSING = {"08", "40", "53", "57", "58"}


# Faults become part of the history, and PostgreSQL quotes the value that it refuses in full. A result may be as large
# as a task's output; private.effect_record keeps to the same bound, before it is committed.
DETAIL_LENGTH = 2048
RESULT_BYTES = Limits().value_bytes


def result_that_fits(text: str, who: str) -> str:
    """The JSON text of a result as it is. Raises a fault when it is larger than a task's output may be."""
    if len(text.encode()) > RESULT_BYTES:
        most = RESULT_BYTES // 1024
        raise fault(Kind.RUNTIME, f"{who} answered with more than {most} KiB of JSON: ask for less", status=413)
    return text


def fault(kind: Kind, detail: str, *, status: int | None = None, title: str | None = None) -> ApplicationError:
    """A fault to raise out of an activity; it is final."""
    detail = detail if len(detail) <= DETAIL_LENGTH else f"{detail[:DETAIL_LENGTH]} ..."
    problem = Problem.of(kind, detail, status=status)
    details = problem.as_json() | ({"title": title} if title else {})
    return ApplicationError(detail, details, type=FAULT, non_retryable=True)


def of_fault(error: WorkflowFault) -> ApplicationError:
    """A fault of the language, to raise out of an activity; it is final."""
    problem = error.problem
    return ApplicationError(problem.detail or problem.type, problem.as_json(), type=FAULT, non_retryable=True)


def passing_fault(kind: Kind, detail: str, *, status: int | None = None) -> ApplicationError:
    """A fault that may pass: the activity is tried again, and only the last one reaches the workflow."""
    problem = Problem.of(kind, detail[:DETAIL_LENGTH], status=status)
    return ApplicationError(problem.detail or "", problem.as_json(), type=FAULT)


def of_postgres(error: PostgresError) -> ApplicationError | None:
    """The fault that a refusal means, or None for one that passes by itself."""
    state = error.sqlstate or "XX000"
    known = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    if known is None and state[:2] in _PASSING:
        return None
    message = str(error.args[0]) if error.args else state
    if known is None:
        return fault(Kind.RUNTIME, f"the database refused: {message} ({state})")
    kind, status = known
    detail: str | None = getattr(error, "detail", None)
    return fault(kind, f"{message}: {detail}" if detail else message, status=status)
