"""What an outcome says in the execution's row."""

from collections.abc import Container, Sequence
from uuid import UUID

from temporalio.exceptions import ApplicationError
from zilliance.enums import ExecutionStatus, TaskStatus

from workflows.contracts.execution import FinishExecutionInput
from workflows.json_text import write_json
from workflows.language.interpreter import Outcome
from workflows.language.problems import Kind, Problem
from workflows.language.tasklog import TaskEntry

MESSAGE_LENGTH = 2000


# The end of a run that met a bug of ours; its reason is in the worker's log.
INTERNAL = Problem.of(Kind.RUNTIME, "an internal error, which the worker's log has", instance="/")


def ending_of(execution_id: UUID, outcome: Outcome) -> FinishExecutionInput:
    """The end of an execution; an output that is not JSON that can be stored fails it."""
    try:
        return _ending(execution_id, outcome)
    except (ValueError, RecursionError) as error:
        problem = Problem.of(Kind.RUNTIME, f"the output is not JSON that can be stored: {error}", instance="/output")
        return _ending(execution_id, Outcome(ExecutionStatus.FAILED, None, problem, [], outcome.rollback))


def failure_of(problem: Problem) -> ApplicationError:
    """What a failed execution raises, so that Temporal shows it as failed, by the error's type."""
    where = printable(problem.instance or "/")
    return ApplicationError(f"{_message(problem)} at {where}", type=printable(problem.type), non_retryable=True)


def _ending(execution_id: UUID, outcome: Outcome) -> FinishExecutionInput:
    result = outcome.output if outcome.rollback is None else {"rollback": outcome.rollback}
    problem = outcome.problem
    return FinishExecutionInput(
        execution_id=execution_id,
        status=outcome.status,
        result=None if result is None else write_json(result),
        error=None if problem is None else write_json(problem.as_json()),
        error_message=None if problem is None else _message(problem),
        tasks=write_json([entry.as_json() for entry in outcome.tasks]),
        journal=None if outcome.journal is None else write_json(outcome.journal),
    )


def tasks_text(entries: Sequence[TaskEntry], awaited: Container[str]) -> str:
    """The task log as JSON text, for whoever looks while it grows; `awaited` are the keys of tasks that wait."""
    log = [_as_it_stands(entry, awaited) for entry in entries]
    try:
        return write_json(log)
    except (ValueError, RecursionError):  # a value that is no JSON, at which the execution will fail
        return write_json([{**entry, "input": None, "output": None} for entry in log])


def _as_it_stands(entry: TaskEntry, awaited: Container[str]) -> dict[str, object]:
    members = entry.as_json()
    if entry.status is TaskStatus.RUNNING and f"{entry.reference}#{entry.iteration or ''}" in awaited:
        members["status"] = TaskStatus.WAITING.value
    return members


def _message(problem: Problem) -> str:
    """Title and detail as one line."""
    return printable(": ".join(part for part in (problem.title, problem.detail) if part) or problem.type)


def printable(text: str) -> str:
    """Text that a column and a payload can hold: the one takes no NUL, the other no lone surrogate."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:MESSAGE_LENGTH]
