"""How an execution is named and described on Temporal, whoever starts it."""

from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes

from workflows.contracts.execution import ENGINE, ExecuteWorkflowInput
from workflows.contracts.video import ProcessVideoInput
from workflows.names import DEFINITION, EXECUTE_WORKFLOW, KIND, OWNER, PROCESS_VIDEO

# Above this in bytes, as it travels, the document and the input stay in PostgreSQL and one local activity loads them: a
# start never has to wait for the S3 store, where payloads above 64 KiB go.
INLINE_LIMIT = 60 * 1024
_SMALL_LIMIT = 28 * 1024  # of the texts: quoted as JSON in JSON they are at most twice as long


def fit(execution: ExecuteWorkflowInput) -> ExecuteWorkflowInput:
    """The input as a new run takes it: without its large parts, which the workflow then loads."""
    execution = execution.model_copy(update={"engine": ENGINE})
    texts = (execution.document or "", execution.trigger_data or "")
    if sum(len(text.encode()) for text in texts) <= _SMALL_LIMIT:
        return execution
    if len(execution.model_dump_json().encode()) <= INLINE_LIMIT:
        return execution
    return execution.model_copy(update={"document": None, "trigger_data": None})


def attributes_of(execution: ExecuteWorkflowInput) -> TypedSearchAttributes:
    """What operators search by."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(OWNER, str(execution.owner_id)),
            SearchAttributePair(KIND, EXECUTE_WORKFLOW),
            SearchAttributePair(DEFINITION, str(execution.definition_id)),
        ]
    )


def video_attributes(run: ProcessVideoInput) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [SearchAttributePair(OWNER, str(run.owner_id)), SearchAttributePair(KIND, PROCESS_VIDEO)]
    )


def priority_of(execution: ExecuteWorkflowInput) -> Priority:
    """One owner's thousand runs take turns with another's one, wherever a queue builds up."""
    return Priority(fairness_key=str(execution.owner_id))


def summary_of(execution: ExecuteWorkflowInput) -> str:
    return f"{execution.name} v{execution.version}"[:200]
