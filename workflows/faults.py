"""What a failed activity means to an execution: the fault of the language that it stands for."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError
from temporalio.exceptions import TimeoutError as TemporalTimeoutError

from workflows.language.problems import Kind, Problem, WorkflowFault

Result = TypeVar("Result")

FAULT = "fault"  # the type of ApplicationErrors whose one detail is a problem


async def result_of(call: Awaitable[Result]) -> Result:
    """What an activity answered, with its failure in the language's own terms."""
    try:
        return await call
    except FailureError as error:
        raise fault_of(error) from error


def fault_of(error: FailureError) -> BaseException:
    """The fault that an activity's failure stands for; a cancelled activity is a cancelled task.

    A regular activity's failure comes wrapped, a local one's may come as it is.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, CancelledError):
        return asyncio.CancelledError()
    if isinstance(cause, ApplicationError) and cause.type == FAULT and cause.details:
        return WorkflowFault(Problem.from_json(cause.details[0]))
    if isinstance(cause, TemporalTimeoutError):
        return WorkflowFault.of(Kind.TIMEOUT, "a step's activity did not answer in time")
    return WorkflowFault.of(Kind.RUNTIME, "an internal error, which the worker's log has")
