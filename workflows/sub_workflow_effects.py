"""Sub-workflows on Temporal: child workflows, each with a row of its own that is there before it is started."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy
from zilliance.enums import ExecutionStatus

from workflows import options
from workflows.contracts.execution import ExecuteWorkflowInput, ExecutionSummary
from workflows.contracts.sub_workflows import RollBackInput, RollBackResult, SubWorkflowInput
from workflows.json_text import read_json, write_json
from workflows.language.effects import SubWorkflow
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.shapes import as_map
from workflows.names import EXECUTE_WORKFLOW, ROLL_BACK_EXECUTION, execution_workflow_id, rollback_workflow_id
from workflows.starts import attributes_of, fit, priority_of, summary_of
from workflows.stubs import SubWorkflowActivities

Child = workflow.ChildWorkflowHandle[object, Any]


class SubWorkflowEffects:
    """What one execution begins. `sent` renders what a task hands over as JSON text; `found` awaits an activity."""

    def __init__(
        self,
        execution: ExecuteWorkflowInput,
        sent: Callable[[object], str],
        found: Callable[[Awaitable[ExecuteWorkflowInput]], Awaitable[ExecuteWorkflowInput]],
    ) -> None:
        self._execution = execution
        self._sent = sent
        self._found = found
        self._children: dict[str, Child] = {}

    async def start(self, wanted: SubWorkflow, *, key: str) -> str:
        begun = SubWorkflowInput(
            execution_id=self._execution.execution_id,
            owner_id=self._execution.owner_id,
            key=key,
            namespace=wanted.namespace,
            name=wanted.name,
            version=wanted.version,
            input=self._sent(wanted.input),
            waits=wanted.waits,
        )
        summary = options.row(f"run {wanted.namespace}/{wanted.name}")
        run = await self._found(workflow.execute_local_activity_method(SubWorkflowActivities.begin, begun, **summary))
        child = await self._start_child(run, waits=wanted.waits)
        if child is not None and wanted.waits:
            self._children[str(run.execution_id)] = child
        return str(run.execution_id)

    async def _start_child(self, run: ExecuteWorkflowInput, *, waits: bool) -> Child | None:
        policy = ParentClosePolicy.REQUEST_CANCEL if waits else ParentClosePolicy.ABANDON
        try:
            return await workflow.start_child_workflow(
                EXECUTE_WORKFLOW,
                fit(run),
                id=execution_workflow_id(run.execution_id),
                result_type=ExecutionSummary,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=policy,
                cancellation_type=ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
                search_attributes=attributes_of(run),
                priority=priority_of(run),
                static_summary=summary_of(run),
            )
        except WorkflowAlreadyStartedError:
            return None  # a parent that was reset comes here again: its row says how it ended

    async def result(self, execution_id: str, *, cancelled: bool) -> tuple[object, bool]:
        child = self._children.pop(execution_id, None)
        completed = True
        if child is not None:
            completed, cancelled = await ended(child, cancelled=cancelled)
        if cancelled and not completed:
            raise asyncio.CancelledError
        text = await workflow.execute_local_activity_method(
            SubWorkflowActivities.outcome, UUID(execution_id), **options.ROW
        )
        return _output(as_map(read_json(text), "outcome")), cancelled

    async def roll_back(self, execution_id: str, cause: Mapping[str, object] | None) -> None:
        undone = RollBackInput(execution_id=UUID(execution_id), cause=None if cause is None else write_json(cause))
        try:
            result = await workflow.execute_child_workflow(
                ROLL_BACK_EXECUTION,
                undone,
                id=rollback_workflow_id(undone.execution_id),
                result_type=RollBackResult,
                parent_close_policy=ParentClosePolicy.ABANDON,
            )
        except FailureError as error:
            detail = f"the rollback of execution {execution_id} was lost: Temporal shows why"
            raise WorkflowFault.of(Kind.RUNTIME, detail) from error
        if result.status == "partial":
            detail = f"of execution {execution_id} not everything could be undone: {', '.join(result.failed)}"
            raise WorkflowFault.of(Kind.RUNTIME, detail[:2000])


async def ended(child: Child, *, cancelled: bool) -> tuple[bool, bool]:
    """Wait for the child's end, and pass a cancellation on to it. Whether it completed, and whether there was one."""
    while True:
        if cancelled and not child.done():
            child.cancel()
        try:
            await asyncio.shield(child)
        except asyncio.CancelledError:
            if child.cancelled():
                return False, cancelled
            cancelled = True
        except FailureError:
            return False, cancelled
        else:
            return True, cancelled


def _output(outcome: Mapping[str, object]) -> object:
    """The output of a completed execution; raises the fault of any other."""
    status = outcome.get("status")
    if status == ExecutionStatus.COMPLETED:
        return outcome.get("result")
    error = outcome.get("error")
    if error is not None:
        raise WorkflowFault(Problem.from_json(as_map(error, "error")))
    if status == ExecutionStatus.CANCELLED:
        raise WorkflowFault.of(Kind.RUNTIME, "the sub-workflow was cancelled")
    raise WorkflowFault.of(Kind.RUNTIME, "the sub-workflow was lost: Temporal shows why")
