"""Calls of activities as a workflow makes them, with their arguments complete."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from workflows.contracts.calls import CallInput

EXECUTION = UUID(int=7)
OWNER = UUID(int=8)
KEY = f"{EXECUTION}:/do/0/x#"

Activity = Callable[[CallInput], Awaitable[str]]


async def answer(activity: Activity, arguments: dict[str, Any], *, timeout: float = 30.0) -> Any:  # noqa: ASYNC109
    sent = CallInput(
        execution_id=EXECUTION, owner_id=OWNER, key="/do/0/x#", arguments=json.dumps(arguments), timeout=timeout
    )
    return json.loads(await ActivityEnvironment().run(activity, sent))


async def fault(activity: Activity, arguments: dict[str, Any], *, timeout: float = 30.0) -> dict[str, Any]:  # noqa: ASYNC109
    """The problem that the call ends with."""
    with pytest.raises(ApplicationError) as caught:
        await answer(activity, arguments, timeout=timeout)
    assert caught.value.non_retryable
    return caught.value.details[0]
