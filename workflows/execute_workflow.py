"""The run of one execution: interpret its document, write how it ended into its row, end the same way on Temporal."""

import asyncio
import zlib

from temporalio import workflow
from temporalio.exceptions import CancelledError
from zilliance.enums import ExecutionStatus

from workflows import options
from workflows.contracts.execution import ExecuteWorkflowInput, ExecutionSummary, FinishExecutionInput
from workflows.endings import INTERNAL, ending_of, failure_of
from workflows.json_text import read_json
from workflows.language.concurrency import shielded
from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.problems import WorkflowFault
from workflows.names import EXECUTE_WORKFLOW
from workflows.plans import plan_of
from workflows.stubs import ExecutionActivities
from workflows.temporal_effects import TemporalEffects, result_of


@workflow.defn(name=EXECUTE_WORKFLOW)
class ExecuteWorkflow:
    """One execution of a workflow definition, from its document to its row."""

    @workflow.run
    async def run(self, execution: ExecuteWorkflowInput) -> ExecutionSummary:
        effects = TemporalEffects(execution)
        outcome = await _interpret(execution, effects)
        await shielded(_finish(ending_of(execution.execution_id, outcome), effects))
        problem = outcome.problem
        if outcome.status is ExecutionStatus.CANCELLED:
            raise CancelledError("the execution was cancelled")
        if problem is not None:
            raise failure_of(problem)
        return ExecutionSummary(status=outcome.status, tasks=len(outcome.tasks))


async def _interpret(execution: ExecuteWorkflowInput, effects: TemporalEffects) -> Outcome:
    """How it went. Whatever happens, there is an outcome: an execution never ends without one."""
    try:
        document, data = await _texts(execution)
        plan = plan_of(document, execution.name)
        info = WorkflowInfo(
            id=str(execution.execution_id),
            definition=plan.definition,
            input=read_json(data),
            started_at=execution.started_at,
        )
        interpreter = Interpreter(plan.plan, effects, workflow=info)
    except asyncio.CancelledError:
        return Outcome(ExecutionStatus.CANCELLED, None, None, [], None)
    except WorkflowFault as fault:
        return Outcome(ExecutionStatus.FAILED, None, fault.problem, [], None)
    except Exception:  # noqa: BLE001  the edge: a bug of ours must end the run with a row, not block it for ever
        _log_failure(execution)
        return Outcome(ExecutionStatus.FAILED, None, INTERNAL, [], None)
    try:
        return await interpreter.run()
    except Exception:  # noqa: BLE001  as above, and what was done is rolled back
        _log_failure(execution)
    try:
        return await interpreter.abandon(INTERNAL)
    except Exception:  # noqa: BLE001
        _log_failure(execution)
    return Outcome(ExecutionStatus.FAILED, None, INTERNAL, interpreter.tasks, None)


def _log_failure(execution: ExecuteWorkflowInput) -> None:
    workflow.logger.exception("the interpreter failed", extra={"execution_id": str(execution.execution_id)})


async def _texts(execution: ExecuteWorkflowInput) -> tuple[str, str]:
    """The document and the input as JSON text, from the start or, when large, from PostgreSQL."""
    if execution.document is not None:
        return execution.document, execution.trigger_data or "null"
    packed = await result_of(
        workflow.execute_local_activity_method(ExecutionActivities.load, execution.execution_id, **options.ROW)
    )
    document, _, data = zlib.decompress(packed).decode().partition("\0")
    return document, data


async def _finish(end: FinishExecutionInput, effects: TemporalEffects) -> None:
    await effects.settle()
    # Local, because its arguments are then no part of the history and the task log may be large. It is repeated until
    # PostgreSQL takes it; a worker that dies meanwhile comes to this point again by replay.
    await workflow.execute_local_activity_method(ExecutionActivities.finish, end, **options.ROW)
