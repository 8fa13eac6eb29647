"""What a retry takes over, as its workflow code gets it: from its row and not with its start."""

import zlib
from typing import cast

from temporalio import workflow

from workflows import options
from workflows.contracts.execution import ExecuteWorkflowInput, RecordedAnswerInput, RecordedOutputInput
from workflows.faults import result_of
from workflows.json_text import read_json
from workflows.language.reuse import Recorded, Reuse
from workflows.language.shapes import as_list, as_map
from workflows.language.steps import Taken
from workflows.stubs import ExecutionActivities, LongExecutionActivities


async def reuse_of(execution: ExecuteWorkflowInput) -> Reuse:
    """The completed tasks of the execution that this one retries. Raises WorkflowFault."""
    packed = await result_of(
        workflow.execute_local_activity_method(ExecutionActivities.take_over, execution.execution_id, **options.ROW)
    )
    found = as_map(read_json(zlib.decompress(packed).decode()), "what is taken over")
    definition = found.get("definition")

    return Reuse(
        [_recorded(as_map(task, "a task")) for task in as_list(found.get("tasks"), "tasks")],
        lambda recorded: _fetched(execution, recorded),
        definition=None if definition is None else as_map(definition, "the definition"),
    )


async def _fetched(execution: ExecuteWorkflowInput, recorded: Recorded) -> Taken | None:
    """An output that the log has not room for: whole as it was kept, or as the table function answered."""
    reference = as_map(recorded.output, "an output that was cut off").get("reference")
    if execution.retry_of is not None and isinstance(reference, str):
        kept = RecordedOutputInput(execution_id=execution.retry_of, reference=reference)
        text = await result_of(
            workflow.execute_local_activity_method(LongExecutionActivities.recorded_output, kept, **options.ROW)
        )
        if text is not None:
            return Taken(read_json(text))
    wanted = RecordedAnswerInput(execution_id=execution.execution_id, origin=recorded.origin)
    text = await result_of(
        workflow.execute_local_activity_method(ExecutionActivities.recorded_answer, wanted, **options.ROW)
    )
    return None if text is None else Taken(read_json(text), raw=True)


def _recorded(task: object) -> Recorded:
    members = cast("dict[str, object]", task)
    child = members.get("child")
    return Recorded(
        str(members["key"]),
        str(members["origin"]),
        members.get("output"),
        whole=members.get("whole") is not False,
        child=None if child is None else str(child),
    )
