"""The bounds of documents and executions, each in one place."""

from dataclasses import dataclass

MAX_TASKS = 1_000
MAX_DEPTH = 32
MAX_DOCUMENT_BYTES = 256 * 1024
MAX_EXPRESSION_BYTES = 8 * 1024

# JSON nesting of a document: what `MAX_DEPTH` tasks can need, and far from where recursion hurts.
MAX_JSON_DEPTH = 160


@dataclass(frozen=True, slots=True)
class Limits:
    """What one execution may use up.

    Attributes:
        steps: expression steps in total.
        task_runs: tasks run, counting each iteration and each retry.
        depth: tasks inside tasks, which functions calling functions can deepen.
        log_entries: entries in the task log, after which one marker says that more ran.
        log_value_bytes: an input or output above this is only counted in the log.
        log_total_bytes: the same, for all logged values together.
        log_whole_bytes: of outputs that are too large for the log and are kept beside it, in one run of the workflow.
        value_bytes: the largest output of one task.
        breath_steps: expression steps after which the next chance for a breath is taken.
        stretch_steps: expression steps that may be taken without a breath; Temporal stops an activation that runs over
            two seconds, a step costs 5 microseconds in its sandbox, and others may use the same processor.
        breath_runs: task runs between two breaths.
        log_exports: the log has what each task exported, too: for dry runs.
    """

    steps: int = 20_000_000
    task_runs: int = 100_000
    depth: int = 64
    log_entries: int = 2_000
    log_value_bytes: int = 32 * 1024
    log_total_bytes: int = 1024 * 1024
    log_whole_bytes: int = 64 * 1024 * 1024
    value_bytes: int = 4 * 1024 * 1024
    breath_steps: int = 20_000
    stretch_steps: int = 200_000
    breath_runs: int = 500
    log_exports: bool = False
