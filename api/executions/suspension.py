"""Suspension of executions: a wish that Temporal keeps, and that takes effect before the next task."""

import asyncio
from uuid import UUID

from temporalio.service import RPCError, RPCStatusCode

from api.executions.executions import Answer, Executions
from api.waiting import FIRST_PAUSE, LONGEST_PAUSE
from workflows.names import RESUME, SUSPEND, execution_workflow_id
from zilliance.errors import ConflictError, UnavailableError
from zilliance.identity import Identity


async def suspend(executions: Executions, caller: Identity, execution_id: UUID) -> Answer:
    """Let what runs end, and begin nothing new; again is no error. Raises NotFoundError, ConflictError."""
    return await _tell(executions, caller, execution_id, SUSPEND)


async def resume(executions: Executions, caller: Identity, execution_id: UUID) -> Answer:
    """Go on; one that was not suspended is no error. Raises NotFoundError, ConflictError."""
    return await _tell(executions, caller, execution_id, RESUME)


async def _tell(executions: Executions, caller: Identity, execution_id: UUID, wish: str) -> Answer:
    pause = FIRST_PAUSE
    while True:
        answer = await executions.find(caller, execution_id)
        if answer.ended:
            raise ConflictError("The execution has ended already", code="EXECUTION_ENDED")
        if await _told(executions, execution_id, wish):
            return answer
        # It queues behind others, its start is under way, or it is just ending.
        if pause > LONGEST_PAUSE:
            raise UnavailableError("The execution has not started yet; try again shortly")
        await asyncio.sleep(pause)
        pause *= 2


async def _told(executions: Executions, execution_id: UUID, wish: str) -> bool:
    """Send the signal; False when Temporal does not know such an execution, or it is over."""
    try:
        await executions.temporal.get_workflow_handle(execution_workflow_id(execution_id)).signal(wish)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise UnavailableError("Temporal cannot be reached; try again shortly") from error
    return True
