"""What one run of an execution hands to the next, as JSON text in the next one's input."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.contracts.execution import ENGINE, ExecuteWorkflowInput
from workflows.json_text import read_json, write_json
from workflows.language.checkpoint import Checkpoint
from workflows.language.shapes import as_map, part

# It is read within one activation of the workflow, which may take two seconds.
MOST_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Handover:
    """Where an execution stands.

    Attributes:
        checkpoint: None at its beginning.
        inbox: deliveries that no task has taken, and the identities of those that came.
        suspended: somebody wants it suspended.
    """

    checkpoint: Checkpoint | None
    inbox: Mapping[str, object]
    suspended: bool

    @classmethod
    def of(cls, execution: ExecuteWorkflowInput) -> "Handover":
        if execution.checkpoint is None:
            return cls(None, {}, suspended=False)
        saved = as_map(read_json(execution.checkpoint), "checkpoint")
        return cls(
            Checkpoint.model_validate(saved.get("interpreter")),
            part(saved, "inbox"),
            suspended=saved.get("suspended") is True,
        )


def input_of_next_run(
    execution: ExecuteWorkflowInput, checkpoint: Checkpoint, *, inbox: Mapping[str, object], suspended: bool
) -> ExecuteWorkflowInput | None:
    """The input with which the next run goes on; None when this is too large, or has what is no JSON."""
    state = {"interpreter": checkpoint.as_json(), "inbox": inbox, "suspended": suspended}
    try:
        text = write_json(state)
    except (ValueError, RecursionError):
        return None
    if len(text) > MOST_BYTES:
        return None
    return execution.model_copy(update={"checkpoint": text, "runs": execution.runs + 1, "engine": ENGINE})
