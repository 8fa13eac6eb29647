"""Sub-workflows on Temporal: child workflows, each with a row of its own that is there before it is started."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy
from zilliance.enums import ExecutionStatus

from workflows import options
from workflows.children import Child, Children, ended
from workflows.contracts.execution import ExecuteWorkflowInput, ExecutionSummary
from workflows.contracts.sub_workflows import RollBackInput, RollBackResult, SubWorkflowInput
from workflows.json_text import read_json, write_json
from workflows.language.concurrency import shielded
from workflows.language.effects import SubWorkflow
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.shapes import as_map
from workflows.names import EXECUTE_WORKFLOW, ROLL_BACK_EXECUTION, execution_workflow_id, rollback_workflow_id
from workflows.room import OVERHEAD_BYTES, Room
from workflows.starts import attributes_of, fit, priority_of, summary_of
from workflows.stubs import SubWorkflowActivities

# Rollbacks are begun beside the children that are counted, and end by themselves.
ROLLBACKS_AT_ONCE = 100


class SubWorkflowEffects:
    """What one execution begins. `sent` renders what a task hands over as JSON text."""

    def __init__(
        self, execution: ExecuteWorkflowInput, sent: Callable[[object], str], room: Room, children: Children
    ) -> None:
        self._execution = execution
        self._sent = sent
        self._room = room
        self._children = children
        self._awaited: dict[str, Child] = {}
        self._rollbacks = asyncio.Semaphore(ROLLBACKS_AT_ONCE)

    async def start(self, wanted: SubWorkflow, *, key: str) -> str:
        run, child = await self._children.begin(key, lambda: self._begin(wanted, key))
        if child is not None and wanted.waits:
            self._awaited[str(run.execution_id)] = child
        return str(run.execution_id)

    async def _begin(self, wanted: SubWorkflow, key: str) -> tuple[ExecuteWorkflowInput, Child | None]:
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
        run = await self._room.locally(
            lambda: workflow.execute_local_activity_method(SubWorkflowActivities.begin, begun, **summary)
        )
        return run, await self._start_child(fit(run), waits=wanted.waits)

    async def _start_child(self, run: ExecuteWorkflowInput, *, waits: bool) -> Child | None:
        await self._room.make(len(run.model_dump_json().encode()) + OVERHEAD_BYTES)
        policy = ParentClosePolicy.REQUEST_CANCEL if waits else ParentClosePolicy.ABANDON
        try:
            return await workflow.start_child_workflow(
                EXECUTE_WORKFLOW,
                run,
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
        child = self._awaited.pop(execution_id, None)
        completed = True
        if child is not None:
            completed, cancelled = await ended(child, cancelled=cancelled)
        if cancelled and not completed:
            raise asyncio.CancelledError
        # One that completed is told of whatever comes meanwhile: else nobody would undo it.
        text, late = await shielded(self._outcome(UUID(execution_id)))
        if late and not completed:
            raise asyncio.CancelledError
        try:
            return _output(as_map(read_json(text), "outcome")), cancelled or late
        except WorkflowFault as fault:
            if cancelled or late:
                raise asyncio.CancelledError from fault  # a document could catch the fault and go on
            raise

    async def _outcome(self, execution_id: UUID) -> str:
        return await self._room.locally(
            lambda: workflow.execute_local_activity_method(SubWorkflowActivities.outcome, execution_id, **options.ROW)
        )

    async def roll_back(self, execution_id: str, cause: Mapping[str, object] | None) -> None:
        undone = RollBackInput(execution_id=UUID(execution_id), cause=None if cause is None else write_json(cause))
        try:
            async with self._rollbacks:
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
