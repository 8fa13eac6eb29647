"""Videos that tasks have processed, on Temporal: a run with a row of its own, and a child workflow to wait for."""

import asyncio
from collections.abc import Mapping

from temporalio import workflow
from temporalio.common import Priority, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from workflows import options
from workflows.children import Child, Children, ended
from workflows.contracts.execution import FunctionCallInput
from workflows.contracts.video import ProcessVideoInput
from workflows.contracts.video_tasks import BegunVideo, VideoRunInput
from workflows.json_text import read_json
from workflows.language.concurrency import shielded
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map
from workflows.names import PROCESS_VIDEO, video_workflow_id
from workflows.room import Room
from workflows.starts import video_attributes
from workflows.video_stubs import VideoTaskActivities

_OPEN = ("pending", "running")
# A run that somebody else has begun is looked at now and then: a few hundred times in its two days at most.
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0


class VideoEffects:
    """What executions have processed."""

    def __init__(self, room: Room, children: Children) -> None:
        self._room = room
        self._children = children

    async def process(self, call: FunctionCallInput) -> object:
        """The video's row, once it is ready. Cancellation is passed on, and raised when the run has ended."""
        # From its row to its start nothing may come between.
        (begun, child), cancelled = await shielded(self._children.begin(call.key, lambda: self._start(call)))
        asked = VideoRunInput(owner_id=call.owner_id, run_id=begun.run.run_id)
        if child is not None:
            _, cancelled = await ended(child, cancelled=cancelled)
        elif begun.is_open:
            cancelled = await self._watch(asked, is_ours=begun.is_ours, cancelled=cancelled)
        text, late = await shielded(self._outcome(asked))
        if cancelled or late:
            raise asyncio.CancelledError
        return _output(as_map(read_json(text), "outcome"))

    async def _start(self, call: FunctionCallInput) -> tuple[BegunVideo, Child | None]:
        summary = options.row(PROCESS_VIDEO)
        begun = await self._room.locally(
            lambda: workflow.execute_local_activity_method(VideoTaskActivities.begin_for, call, **summary)
        )
        return begun, await _start_child(begun.run) if begun.is_ours and begun.is_open else None

    async def _outcome(self, asked: VideoRunInput) -> str:
        return await self._room.locally(
            lambda: workflow.execute_local_activity_method(VideoTaskActivities.outcome, asked, **options.ROW)
        )

    async def _watch(self, asked: VideoRunInput, *, is_ours: bool, cancelled: bool) -> bool:
        """Wait for the end of a run that is no child of this execution; whether a cancellation came.

        What others have begun is not cancelled with this task.
        """
        pause = FIRST_PAUSE
        while True:
            if cancelled:
                if is_ours:
                    await shielded(self._cancel(asked))
                return True
            text, cancelled = await shielded(self._outcome(asked))
            if as_map(read_json(text), "outcome").get("status") not in _OPEN:
                return cancelled
            try:
                await asyncio.sleep(pause)
            except asyncio.CancelledError:
                cancelled = True
            pause = min(pause * 1.5, LONGEST_PAUSE)

    async def _cancel(self, asked: VideoRunInput) -> None:
        await self._room.locally(
            lambda: workflow.execute_local_activity_method(VideoTaskActivities.cancel, asked, **options.ROW)
        )
        try:
            await workflow.get_external_workflow_handle(video_workflow_id(asked.run_id)).cancel()
        except ApplicationError:
            return  # it has ended, or has not begun: its row says that it is not to


async def _start_child(run: ProcessVideoInput) -> Child | None:
    try:
        return await workflow.start_child_workflow(
            PROCESS_VIDEO,
            run,
            id=video_workflow_id(run.run_id),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
            cancellation_type=ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            search_attributes=video_attributes(run),
            priority=Priority(fairness_key=str(run.owner_id)),
            static_summary=f"video {run.video_id}",
        )
    except WorkflowAlreadyStartedError:
        return None  # a worker was faster, or a parent that was reset comes here again


def _output(outcome: Mapping[str, object]) -> object:
    """The row of a video that is ready; raises the fault of any other end."""
    status = outcome.get("status")
    if status == "completed":
        return outcome.get("video")
    if status is None:
        raise WorkflowFault.of(Kind.RUNTIME, "the video was deleted while it was processed", status=410)
    error = outcome.get("error")
    if error is None:
        raise WorkflowFault.of(Kind.RUNTIME, f"the processing of the video is {status}")
    members = as_map(error, "error")
    raise WorkflowFault.of(Kind.RUNTIME, f"{members.get('code')}: {members.get('message')}")
