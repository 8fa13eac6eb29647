"""The rollback of an execution that has completed: its parent has failed later, and undoes it with the rest."""

import zlib
from typing import cast

from temporalio import workflow

from workflows import options
from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.contracts.sub_workflows import RollBackInput, RollBackResult, RolledBackInput
from workflows.json_text import read_json, write_json
from workflows.language.checkpoint import Checkpoint
from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.problems import Kind, Problem
from workflows.language.shapes import as_map
from workflows.names import ROLL_BACK_EXECUTION
from workflows.plans import plan_of
from workflows.stubs import SubWorkflowActivities
from workflows.temporal_effects import TemporalEffects

_UNKNOWN = Problem.of(Kind.RUNTIME, "the workflow that ran it was cancelled", instance="/")


@workflow.defn(name=ROLL_BACK_EXECUTION)
class RollBackExecution:
    """Undoes what one execution has done, in reverse order, by what it remembered at its end."""

    @workflow.run
    async def run(self, wanted: RollBackInput) -> RollBackResult:
        packed = await workflow.execute_local_activity_method(
            SubWorkflowActivities.load_journal, wanted.execution_id, **options.ROW
        )
        if not packed:
            return RollBackResult(status="none")
        outcome = await _undone(zlib.decompress(packed).decode(), wanted)
        rollback = as_map(outcome.rollback, "rollback")
        end = RolledBackInput(
            execution_id=wanted.execution_id,
            status=str(rollback["status"]),
            tasks=write_json([entry.as_json() for entry in outcome.tasks]),
        )
        await workflow.execute_local_activity_method(SubWorkflowActivities.rolled_back, end, **options.ROW)
        steps = cast("list[dict[str, object]]", rollback["steps"])
        failed = [str(step["reference"]) for step in steps if step["status"] != "compensated"]
        return RollBackResult(status=end.status, failed=tuple(failed[:20]))


async def _undone(text: str, wanted: RollBackInput) -> Outcome:
    """Stand where the execution ended, and roll back from there."""
    journal = as_map(read_json(text), "journal")
    execution = ExecuteWorkflowInput.model_validate(journal["run"])
    plan = plan_of(str(journal["document"]), execution.name)
    info = WorkflowInfo(
        id=str(execution.execution_id),
        definition=plan.definition,
        input=journal["input"],
        started_at=execution.started_at,
        owner=str(execution.owner_id),
    )
    effects = TemporalEffects(execution)
    checkpoint = Checkpoint.model_validate(journal["checkpoint"])
    interpreter = Interpreter(plan.plan, effects, workflow=info, checkpoint=checkpoint)
    cause = _UNKNOWN if wanted.cause is None else Problem.from_json(as_map(read_json(wanted.cause), "cause"))
    outcome = await interpreter.abandon(cause)
    await effects.settle()
    return outcome
