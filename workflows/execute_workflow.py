"""The run of one execution: interpret its document, write how it ended into its row, end the same way on Temporal."""

import asyncio
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import CancelledError
from zilliance.enums import ExecutionStatus

from workflows import options
from workflows.contracts.execution import (
    Delivery,
    ExecuteWorkflowInput,
    ExecutionSummary,
    KeepOutputsInput,
    RunningTasks,
)
from workflows.endings import INTERNAL, ending_of, failure_of, tasks_text
from workflows.faults import result_of
from workflows.handover import Handover, input_of_next_run
from workflows.json_text import read_json
from workflows.language.checkpoint import Checkpoint, CheckpointReached
from workflows.language.concurrency import shielded
from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.problems import WorkflowFault
from workflows.names import DELIVER, EXECUTE_WORKFLOW, RESUME, SUSPEND, TASKS
from workflows.plans import Compiled, plan_of
from workflows.retrying import reuse_of
from workflows.run_control import Keeping, RunControl
from workflows.stubs import ExecutionActivities, LongExecutionActivities
from workflows.temporal_effects import TemporalEffects

if TYPE_CHECKING:
    from workflows.language.environment import Reusing


@workflow.defn(name=EXECUTE_WORKFLOW)
class ExecuteWorkflow:
    """One execution of a workflow definition, from its document to its row, in one run or in several."""

    @workflow.init
    def __init__(self, execution: ExecuteWorkflowInput) -> None:
        self._execution = execution
        self._effects = TemporalEffects(execution)
        self._handover = Handover.of(execution)
        self._effects.inbox.restore(self._handover.inbox)
        self._control = RunControl(
            self._effects,
            Keeping(self._held_bytes, self._keep_outputs),
            events_a_run=execution.events_a_run,
            suspended=self._handover.suspended,
            engine=execution.engine,
        )
        self._interpreter: Interpreter | None = None
        self._lots = 0
        self._reuse: Reusing | None = None

    @workflow.signal(name=DELIVER)
    def deliver(self, delivery: Delivery) -> None:
        """Hand something from outside to the task that waits for it."""
        self._effects.heard()
        self._effects.inbox.put(delivery.key, delivery.id, read_json(delivery.body))

    @workflow.signal(name=SUSPEND)
    def suspend(self) -> None:
        """Stop before the next task, until `resume`."""
        self._effects.heard()
        self._control.suspend()

    @workflow.signal(name=RESUME)
    def resume(self) -> None:
        """Go on."""
        self._effects.heard()
        self._control.resume()

    @workflow.query(name=TASKS)
    def tasks(self) -> RunningTasks:
        """The task log so far."""
        entries = [] if self._interpreter is None else self._interpreter.tasks
        return RunningTasks(tasks=tasks_text(entries, self._effects.awaited), phase=self._effects.phases.current)

    @workflow.run
    async def run(self, execution: ExecuteWorkflowInput) -> ExecutionSummary:  # noqa: ARG002  `__init__` has it
        outcome = await self._interpret()
        await shielded(self._finish(outcome))
        problem = outcome.problem
        if outcome.status is ExecutionStatus.CANCELLED:
            raise CancelledError("the execution was cancelled")
        if problem is not None:
            raise failure_of(problem)
        return ExecutionSummary(status=outcome.status, tasks=len(outcome.tasks))

    async def _interpret(self) -> Outcome:
        """How it went. Whatever happens, there is an outcome: an execution never ends without one."""
        try:
            plan, info = await self._prepare()
            interpreter = self._interpreter_of(plan, info, self._handover.checkpoint)
        except asyncio.CancelledError:
            return Outcome(ExecutionStatus.CANCELLED, None, None, [], None)
        except WorkflowFault as fault:
            return Outcome(ExecutionStatus.FAILED, None, fault.problem, [], None)
        except Exception:  # noqa: BLE001  the edge: a bug of ours must end the run with a row, not block it for ever
            _log_failure(self._execution)
            return Outcome(ExecutionStatus.FAILED, None, INTERNAL, [], None)
        while True:
            try:
                outcome = await interpreter.run()
                for error in interpreter.internal_errors:
                    _log_failure(self._execution, error)
                return replace(outcome, journal=interpreter.remains()) if self._execution.is_undoable else outcome
            except CheckpointReached as reached:
                self._hand_over(reached.checkpoint)
                # It is too large to be handed over: go on here, from the same place.
                self._control.postpone()
                interpreter = self._interpreter_of(plan, info, reached.checkpoint)
            except Exception:  # noqa: BLE001  as above, and what was done is rolled back
                _log_failure(self._execution)
                return await self._abandon(interpreter)

    async def _prepare(self) -> tuple[Compiled, WorkflowInfo]:
        """Read what is to be run.

        A cancellation ends it as long as nothing was done. A later run has what the earlier ones did to undo: it gets
        as far as where they stood, and is cancelled there.
        """
        if self._handover.checkpoint is None:
            return await self._read()
        read, cancelled = await shielded(self._read())
        if cancelled:
            self._control.cancel()
        return read

    async def _read(self) -> tuple[Compiled, WorkflowInfo]:
        document, data = await _texts(self._execution)
        plan = plan_of(document, self._execution.name)
        info = WorkflowInfo(
            id=str(self._execution.execution_id),
            definition=plan.definition,
            input=read_json(data),
            started_at=self._execution.started_at,
            owner=str(self._execution.owner_id),
        )
        if self._execution.retry_of is not None:
            self._reuse = reuse = await reuse_of(self._execution)
            self._effects.repeats = reuse.repeats
        return plan, info

    def _interpreter_of(self, plan: Compiled, info: WorkflowInfo, checkpoint: Checkpoint | None) -> Interpreter:
        self._interpreter = Interpreter(
            plan.plan, self._effects, workflow=info, control=self._control, checkpoint=checkpoint
        )
        if self._reuse is not None:
            self._interpreter.take_over(self._reuse)
        return self._interpreter

    def _hand_over(self, checkpoint: Checkpoint) -> None:
        """End this run with another one; comes back only when there is too much to hand over.

        Nothing is waited for here: a cancellation or a delivery comes either before, or to the next run.
        """
        following = input_of_next_run(
            self._execution,
            checkpoint,
            inbox=self._effects.inbox.as_json(),
            suspended=self._control.suspended,
        )
        if following is not None:
            workflow.continue_as_new(following)

    def _held_bytes(self) -> int:
        return 0 if self._interpreter is None else self._interpreter.held_bytes

    async def _keep_outputs(self) -> None:
        """Whole outputs that the log has no room for."""
        part = f"{self._execution.runs}-{self._lots}"
        texts = [] if self._interpreter is None else self._interpreter.take_whole_outputs(part)
        if texts:
            self._lots += 1
            kept = KeepOutputsInput(execution_id=self._execution.execution_id, part=part, texts=texts)
            await workflow.execute_local_activity_method(LongExecutionActivities.keep_outputs, kept, **options.ROW)

    async def _finish(self, outcome: Outcome) -> None:
        await self._effects.settle()
        await self._keep_outputs()
        # Local, because its arguments are then no part of the history and the task log may be large. It is repeated
        # until PostgreSQL takes it; a worker that dies meanwhile comes to this point again by replay.
        end = ending_of(self._execution.execution_id, outcome)
        await workflow.execute_local_activity_method(ExecutionActivities.finish, end, **options.ROW)

    async def _abandon(self, interpreter: Interpreter) -> Outcome:
        try:
            return await interpreter.abandon(INTERNAL)
        except Exception:  # noqa: BLE001
            _log_failure(self._execution)
        return Outcome(ExecutionStatus.FAILED, None, INTERNAL, interpreter.tasks, None)


def _log_failure(execution: ExecuteWorkflowInput, error: Exception | None = None) -> None:
    """The exception that is being handled, or one that was kept."""
    about = {"execution_id": str(execution.execution_id)}
    workflow.logger.error("the interpreter failed", exc_info=error or True, extra=about)


async def _texts(execution: ExecuteWorkflowInput) -> tuple[str, str]:
    """The document and the input as JSON text, from the start or, when large, from PostgreSQL."""
    if execution.document is not None:
        return execution.document, execution.trigger_data or "null"
    packed = await result_of(
        workflow.execute_local_activity_method(ExecutionActivities.load, execution.execution_id, **options.ROW)
    )
    document, _, data = zlib.decompress(packed).decode().partition("\0")
    return document, data
