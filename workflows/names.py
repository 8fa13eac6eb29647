"""Names that operators and other processes search by: task queues, workflow ids, search attributes."""

from enum import StrEnum
from uuid import UUID

from temporalio.common import SearchAttributeKey

EXECUTE_WORKFLOW = "execute-workflow"
RECONCILE_EXECUTIONS = "reconcile-executions"
SWEEP_OBJECTS = "sweep-objects"
BULK_EXECUTIONS = "bulk-executions"
EXPIRE_EXECUTIONS = "expire-executions"
TRIM_EVENTS = "trim-events"
DELIVER_ANSWERS = "deliver-answers"
ROLL_BACK_EXECUTION = "roll-back-execution"
FIRE_SCHEDULE = "fire-schedule"
RUN_AFTER = "run-after"
PROCESS_VIDEO = "process-video"
GENERATE_TUTORIAL = "generate-tutorial"
RECONCILE_TUTORIALS = "reconcile-tutorials"
RECONCILE_VIDEOS = "reconcile-videos"

SUSPEND = "suspend"
RESUME = "resume"
TASKS = "tasks"
CHANGED = "changed"  # the signal that tells a loop to look at its definition again
DELIVER = "deliver"  # the signal that brings something from outside to a task that waits

OWNER = SearchAttributeKey.for_keyword("ZillianceOwner")
KIND = SearchAttributeKey.for_keyword("ZillianceKind")
DEFINITION = SearchAttributeKey.for_keyword("ZillianceDefinition")


class TaskQueue(StrEnum):
    """Queues by the resource that their work needs."""

    PLATFORM = "platform"
    MEDIA = "media"  # encodings: as many at the same time as a media worker has slots
    MEDIA_LIGHT = "media-light"  # what takes a moment on a media worker's host, and waits behind no encoding


def execution_workflow_id(execution_id: UUID) -> str:
    """The Temporal workflow id of one execution: one row, one workflow."""
    return f"{EXECUTE_WORKFLOW}/{execution_id}"


def job_workflow_id(job_id: UUID) -> str:
    """The Temporal workflow id of one bulk job."""
    return f"{BULK_EXECUTIONS}/{job_id}"


def rollback_workflow_id(execution_id: UUID) -> str:
    """The Temporal workflow id of the rollback of a completed execution."""
    return f"{ROLL_BACK_EXECUTION}/{execution_id}"


def video_workflow_id(run_id: UUID) -> str:
    """The Temporal workflow id of one run of the processing of a video."""
    return f"{PROCESS_VIDEO}/{run_id}"


def tutorial_workflow_id(run_id: UUID) -> str:
    """The Temporal workflow id of one run that writes a tutorial, whichever attempt."""
    return f"{GENERATE_TUTORIAL}/{run_id}"


DEFINITION_SCHEDULE = "definition/"


def schedule_id(definition_id: UUID) -> str:
    """The Temporal Schedule of one definition."""
    return f"{DEFINITION_SCHEDULE}{definition_id}"


def run_after_id(definition_id: UUID) -> str:
    """The workflow that runs one definition again some time after each end."""
    return f"{RUN_AFTER}/{definition_id}"
