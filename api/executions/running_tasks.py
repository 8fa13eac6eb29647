"""Executions that are still open, as they stand at this moment: their run on Temporal knows more than their row."""

from datetime import timedelta
from uuid import UUID

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError

from api.executions.executions import Executions
from api.executions.lists import list_tasks
from workflows.contracts.execution import RunningTasks
from workflows.json_text import storable
from workflows.names import TASKS, execution_workflow_id
from zilliance.database import READING
from zilliance.identity import Identity

# Whoever asks is not kept longer: without Temporal, or without a worker, the row is what there is to say.
ANSWER_WITHIN = timedelta(seconds=1)

# The row may have ended meanwhile, and then it has the last word.
_MERGED = """
    SELECT CASE WHEN e.completed_at IS NULL
                THEN to_jsonb(e) || jsonb_build_object('tasks', $2::jsonb, 'phase', $3::text)
                ELSE to_jsonb(e) END::text
      FROM public.workflow_executions AS e WHERE e.id = $1
"""


async def running_tasks(temporal: Client, execution_id: UUID) -> RunningTasks | None:
    """The log of an open execution's tasks; None when nobody answers in time."""
    handle = temporal.get_workflow_handle(execution_workflow_id(execution_id))
    try:
        return await handle.query(TASKS, result_type=RunningTasks, rpc_timeout=ANSWER_WITHIN)
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError, RPCError, RuntimeError):
        return None


async def read_execution(executions: Executions, caller: Identity, execution_id: UUID) -> bytes:
    """One execution as JSON, with the tasks that it has come to. Raises NotFoundError."""
    answer = await executions.find(caller, execution_id)
    if answer.ended:
        return answer.row
    running = await running_tasks(executions.temporal, execution_id)
    if running is None:
        return answer.row
    async with executions.database.transaction(caller, READING) as connection:
        text: str | None = await connection.fetchval(
            _MERGED, execution_id, storable(running.tasks), running.phase.value
        )
    return answer.row if text is None else text.encode()


async def read_tasks(executions: Executions, caller: Identity, execution_id: UUID) -> bytes:
    """The log of one execution's tasks as JSON `{"items", "next"}`. Raises NotFoundError."""
    answer = await executions.find(caller, execution_id)
    running = None if answer.ended else await running_tasks(executions.temporal, execution_id)
    if running is None:
        return await list_tasks(executions.database, caller, execution_id)
    return f'{{"items":{storable(running.tasks)},"next":null}}'.encode()
