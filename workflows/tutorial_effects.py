"""Tutorials that tasks want, on Temporal: a run with a row of its own, and a child workflow that is waited for."""

import asyncio

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy
from zilliance.enums import ExecutionStatus

from workflows import options
from workflows.children import Child, Children, ended
from workflows.contracts.execution import FunctionCallInput
from workflows.contracts.tutorials import (
    BeginTutorialInput,
    GenerateTutorialInput,
    TutorialOutcomeInput,
    TutorialSummary,
)
from workflows.json_text import read_json
from workflows.language.concurrency import shielded
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map
from workflows.names import GENERATE_TUTORIAL, tutorial_workflow_id
from workflows.room import Room
from workflows.tutorial_stubs import TutorialTaskActivities
from workflows.tutorials.starts import ATTEMPT, attributes_of, priority_of, summary_of


class TutorialEffects:
    """What executions have written."""

    def __init__(self, room: Room, children: Children) -> None:
        self._room = room
        self._children = children

    async def generate(self, call: FunctionCallInput) -> object:
        """The tutorial, once it is there. Cancellation is passed on, and raised when the run has ended."""
        # From its row to its start nothing may come between: else a row would be left that nobody starts.
        (run, child), cancelled = await shielded(self._children.begin(call.key, lambda: self._start(call)))
        if child is not None:
            _, cancelled = await ended(child, cancelled=cancelled)
        asked = TutorialOutcomeInput(execution_id=call.execution_id, key=call.key, run_id=run.run_id)
        text, late = await shielded(self._outcome(asked))
        if cancelled or late:
            # Should it have completed all the same, then the execution's rollback knows of it.
            raise asyncio.CancelledError
        return _output(text)

    async def _start(self, call: FunctionCallInput) -> tuple[GenerateTutorialInput, Child | None]:
        wanted = BeginTutorialInput(
            execution_id=call.execution_id, owner_id=call.owner_id, key=call.key, arguments=call.arguments
        )
        summary = options.row(GENERATE_TUTORIAL)
        run = await self._room.locally(
            lambda: workflow.execute_local_activity_method(TutorialTaskActivities.begin_for, wanted, **summary)
        )
        return run, await _start_child(run)

    async def _outcome(self, asked: TutorialOutcomeInput) -> str:
        return await self._room.locally(
            lambda: workflow.execute_local_activity_method(TutorialTaskActivities.outcome, asked, **options.ROW)
        )


async def _start_child(run: GenerateTutorialInput) -> Child | None:
    try:
        return await workflow.start_child_workflow(
            GENERATE_TUTORIAL,
            run,
            id=tutorial_workflow_id(run.run_id),
            result_type=TutorialSummary,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
            cancellation_type=ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            search_attributes=attributes_of(run.owner_id),
            priority=priority_of(run.owner_id),
            static_summary=summary_of(run),
            memo={ATTEMPT: run.attempt},
        )
    except WorkflowAlreadyStartedError:
        return None  # a parent that was reset comes here again: its row says how it ended


def _output(text: str) -> object:
    """What a completed run gave; raises the fault of any other."""
    outcome = as_map(read_json(text), "outcome")
    result = outcome.get("result")
    if outcome.get("status") == ExecutionStatus.COMPLETED and result is not None:
        return result
    error = outcome.get("error")
    if error is None:
        raise WorkflowFault.of(Kind.RUNTIME, f"the tutorial's run is {outcome.get('status')}, and there is no tutorial")
    members = as_map(error, "error")
    status = members.get("status")
    detail = f"{members.get('code')}: {members.get('message')}"
    raise WorkflowFault.of(Kind.RUNTIME, detail, status=status if isinstance(status, int) else None)
