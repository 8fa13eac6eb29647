"""What the functions share that wait for an answer from outside."""

import asyncio
from collections.abc import Coroutine

from workflows.language.catalogue.function import Function
from workflows.language.concurrency import shielded, within
from workflows.language.durations import DurationError, parse_duration, seconds_of
from workflows.language.execution import Execution
from workflows.language.problems import Kind, WorkflowFault, normalise_type, type_of
from workflows.language.steps import Step


async def waiting(
    work: Coroutine[object, object, object], function: Function, execution: Execution, step: Step, *, limit: object
) -> object:
    """What the work answers, which has opened something under the step's key.

    Whatever else ends it closes that again, so that nobody answers what nobody hears; and who has answered in time, but
    was not heard yet, is heard then.
    """
    try:
        if limit is None:
            return await work
        seconds = _seconds(limit, execution, step)
        return await within(seconds, work, what="the wait for an answer", instance=step.task.reference)
    except WorkflowFault as fault:
        answers = await _close(function, execution, step, expired=True)
        if answers and _is_time_up(fault, step):
            return answers[0]
        raise
    except asyncio.CancelledError:
        await _close(function, execution, step, expired=False)
        raise
    finally:
        work.close()


async def _close(function: Function, execution: Execution, step: Step, *, expired: bool) -> list[object]:
    work = execution.effects.invitations.withdraw(function.name, key=step.key, expired=expired)
    answers, cancelled = await shielded(work)
    execution.effects.ignore(step.key)
    if cancelled:
        raise asyncio.CancelledError
    return answers


def _is_time_up(fault: WorkflowFault, step: Step) -> bool:
    """Whether it is the task's own time: what faults within its `do` says where."""
    own = fault.problem.instance == step.task.reference
    return own and normalise_type(fault.problem.type) == type_of(Kind.TIMEOUT)


def _seconds(timeout: object, execution: Execution, step: Step) -> float:
    try:
        return seconds_of(parse_duration(timeout), execution.effects.now())
    except DurationError as error:
        raise WorkflowFault.of(Kind.VALIDATION, str(error), instance=f"{step.task.reference}/with/timeout") from error
