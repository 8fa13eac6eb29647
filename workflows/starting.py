"""How an execution is started on Temporal, said once for the API and the reconciler."""

from datetime import timedelta
from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from workflows.contracts.execution import ExecuteWorkflowInput, ExecutionSummary
from workflows.contracts.jobs import BulkJobInput
from workflows.names import (
    BULK_EXECUTIONS,
    EXECUTE_WORKFLOW,
    KIND,
    OWNER,
    TaskQueue,
    execution_workflow_id,
    job_workflow_id,
)
from workflows.starts import attributes_of, fit, priority_of, summary_of

ANSWER_WITHIN = timedelta(seconds=5)  # a caller waits for this; what was not started by then, the reconciler starts


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
        search_attributes=attributes_of(execution),
        priority=priority_of(execution),
        static_summary=summary_of(execution),
        request_eager_start=eager,
        rpc_timeout=ANSWER_WITHIN,
    )


async def start_job(client: Client, job_id: UUID, owner_id: UUID) -> None:
    """Start a bulk job, or find it running; one that has rested or died goes on where its row says.

    Raises RPCError when Temporal does not answer.
    """
    await client.start_workflow(
        BULK_EXECUTIONS,
        BulkJobInput(job_id=job_id),
        id=job_workflow_id(job_id),
        task_queue=TaskQueue.PLATFORM,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=TypedSearchAttributes(
            [SearchAttributePair(OWNER, str(owner_id)), SearchAttributePair(KIND, BULK_EXECUTIONS)]
        ),
        priority=Priority(fairness_key=str(owner_id)),
        rpc_timeout=ANSWER_WITHIN,
    )
