"""How the run of a tutorial is started on Temporal, said once for the API, the reconciler and executions."""

import asyncio
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts.tutorials import GenerateTutorialInput
from workflows.names import GENERATE_TUTORIAL, TaskQueue, tutorial_workflow_id
from workflows.tutorials.starts import ATTEMPT, attributes_of, priority_of, summary_of

ANSWER_WITHIN = timedelta(seconds=5)  # a caller waits for this; what was not started by then, the reconciler starts
TRIES = 10
PAUSE_SECONDS = 0.2


async def start_tutorial(client: Client, run: GenerateTutorialInput) -> None:
    """Start an attempt, or find it started. An attempt before it that is just ending is waited for, for moments.

    Raises RPCError when Temporal does not answer, WorkflowAlreadyStartedError when the attempt before it does not end.
    """
    for tried in range(TRIES):
        try:
            await client.start_workflow(
                GENERATE_TUTORIAL,
                run,
                id=tutorial_workflow_id(run.run_id),
                task_queue=TaskQueue.PLATFORM,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                search_attributes=attributes_of(run.owner_id),
                priority=priority_of(run.owner_id),
                static_summary=summary_of(run),
                memo={ATTEMPT: run.attempt},
                rpc_timeout=ANSWER_WITHIN,
            )
        except WorkflowAlreadyStartedError:
            found = await found_attempt(client, run)
            if found is not None and found[1] >= run.attempt:
                return
            if tried == TRIES - 1:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def found_attempt(
    client: Client, run: GenerateTutorialInput
) -> tuple[WorkflowExecutionStatus | None, int] | None:
    """What Temporal knows of a run: how its last attempt stands, and which that is. None: nothing. Raises RPCError."""
    try:
        found = await client.get_workflow_handle(tutorial_workflow_id(run.run_id)).describe(rpc_timeout=ANSWER_WITHIN)
        return found.status, await found.memo_value(ATTEMPT, 1, type_hint=int)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
