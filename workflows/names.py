"""Names that operators and other processes search by: task queues, workflow ids, search attributes."""

from enum import StrEnum
from uuid import UUID

from temporalio.common import SearchAttributeKey

EXECUTE_WORKFLOW = "execute-workflow"
RECONCILE_EXECUTIONS = "reconcile-executions"
SWEEP_OBJECTS = "sweep-objects"

OWNER = SearchAttributeKey.for_keyword("ZillianceOwner")
KIND = SearchAttributeKey.for_keyword("ZillianceKind")
DEFINITION = SearchAttributeKey.for_keyword("ZillianceDefinition")


class TaskQueue(StrEnum):
    """Queues by the resource that their work needs."""

    PLATFORM = "platform"


def execution_workflow_id(execution_id: UUID) -> str:
    """The Temporal workflow id of one execution: one row, one workflow."""
    return f"{EXECUTE_WORKFLOW}/{execution_id}"
