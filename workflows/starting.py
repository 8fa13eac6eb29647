"""How an execution is started on Temporal, said once for the API and the reconciler."""

from datetime import timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from workflows.contracts.execution import ExecuteWorkflowInput, ExecutionSummary
from workflows.names import DEFINITION, EXECUTE_WORKFLOW, KIND, OWNER, TaskQueue, execution_workflow_id

# Above this in bytes the document and the input stay in PostgreSQL and one local activity loads them.
INLINE_LIMIT = 48 * 1024
ANSWER_WITHIN = timedelta(seconds=5)  # a caller waits for this; what was not started by then, the reconciler starts


def fit(execution: ExecuteWorkflowInput) -> ExecuteWorkflowInput:
    """The input without its large parts, which the workflow then loads."""
    texts = (execution.document or "", execution.trigger_data or "")
    if all(len(text.encode()) <= INLINE_LIMIT for text in texts):
        return execution
    return execution.model_copy(update={"document": None, "trigger_data": None})


async def start_execution(
    client: Client, execution: ExecuteWorkflowInput, *, eager: bool = False
) -> WorkflowHandle[object, ExecutionSummary]:
    """Start it, or find it running: a start whose answer was lost may be repeated.

    Raises WorkflowAlreadyStartedError when it has ended already, RPCError when Temporal does not answer.
    """
    return await client.start_workflow(
        EXECUTE_WORKFLOW,
        fit(execution),
        id=execution_workflow_id(execution.execution_id),
        task_queue=TaskQueue.PLATFORM,
        result_type=ExecutionSummary,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(OWNER, str(execution.owner_id)),
                SearchAttributePair(KIND, EXECUTE_WORKFLOW),
                SearchAttributePair(DEFINITION, str(execution.definition_id)),
            ]
        ),
        static_summary=f"{execution.name} v{execution.version}"[:200],
        request_eager_start=eager,
        rpc_timeout=ANSWER_WITHIN,
    )
