"""How the processing of a video is started on Temporal, said once for the API, the starter and the reconciler."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.contracts.video import ProcessVideoInput
from workflows.names import PROCESS_VIDEO, TaskQueue, video_workflow_id
from workflows.starts import video_attributes

ANSWER_WITHIN = timedelta(seconds=5)  # a caller waits for this; what was not started by then, the workers start


def video_run_of(row: Mapping[str, object], source_key: str) -> ProcessVideoInput:
    """What the workflow of a run is started with; `source_key` is where the bytes of the run's `source_version` are."""
    return ProcessVideoInput.model_validate({**row, "source_key": source_key})


async def start_video(client: Client, run: ProcessVideoInput) -> WorkflowHandle[Any, Any]:
    """Start it, or find it running: a start whose answer was lost may be repeated.

    Raises WorkflowAlreadyStartedError when it has ended already, RPCError when Temporal does not answer.
    """
    return await client.start_workflow(
        PROCESS_VIDEO,
        run,
        id=video_workflow_id(run.run_id),
        task_queue=TaskQueue.PLATFORM,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=video_attributes(run),
        priority=Priority(fairness_key=str(run.owner_id)),
        static_summary=f"video {run.video_id}",
        rpc_timeout=ANSWER_WITHIN,
    )
