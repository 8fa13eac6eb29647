"""Rollback: what completed tasks registered is undone in reverse order of completion, and one failure stops nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zilliance.enums import TaskStatus

from workflows.language.nodes import TaskList
from workflows.language.problems import Problem, WorkflowFault
from workflows.language.steps import Context, Frame, Step
from workflows.language.tasklog import TaskEntry

if TYPE_CHECKING:
    from workflows.language.execution import Execution

ATTEMPTS = 5
FIRST_DELAY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Undo:
    """How one completed task is undone.

    Attributes:
        tasks: the author's own list; None for the automatic undo of the effect recorded under `key`.
        data: the first task's input: the output of what is undone.
        variables: `$input` and `$output` of what is undone, and the lexical variables around it.
        context: `$context` as it was.
    """

    key: str
    entry: TaskEntry
    scopes: tuple[int, ...]
    path: str
    tasks: TaskList | None = None
    data: object = None
    variables: Mapping[str, object] | None = None
    context: object = None


class Journal:
    """What would have to be undone, in order of completion."""

    def __init__(self) -> None:
        self._undos: list[Undo] = []
        self._scopes = 0

    def open_scope(self) -> int:
        """A mark for everything registered within it, so that a `try` can roll back its own part."""
        self._scopes += 1
        return self._scopes

    def register_effect(self, step: Step) -> None:
        """Remember a table effect that the platform can undo by its key."""
        self._undos.append(Undo(step.key, step.entry, step.frame.scopes, step.frame.path))

    def register_tasks(self, step: Step, tasks: TaskList, output: object) -> None:
        """Remember the author's own undo; it replaces the automatic one of the same task."""
        self._undos = [undo for undo in self._undos if undo.key != step.key]
        variables = {**step.frame.variables, "input": step.input, "output": output}
        context = step.frame.context.value
        self._undos.append(
            Undo(step.key, step.entry, step.frame.scopes, step.frame.path, tasks, output, variables, context)
        )

    def take(self, scope: int | None = None) -> list[Undo]:
        """Remove and return what is to be undone, last completed first; everything when no scope is given."""
        taken = [undo for undo in self._undos if scope is None or scope in undo.scopes]
        self._undos = [undo for undo in self._undos if not (scope is None or scope in undo.scopes)]
        return taken[::-1]


async def roll_back(execution: "Execution", undos: Sequence[Undo], cause: Problem | None) -> dict[str, object]:
    """Undo each; the result names every step and is `completed`, `partial` or, with nothing to undo, `none`."""
    steps = [await _undo_one(execution, undo, cause) for undo in undos]
    failed = any(step["status"] == TaskStatus.COMPENSATION_FAILED for step in steps)
    status = "none" if not steps else "partial" if failed else "completed"
    return {"status": status, "steps": steps}


async def _undo_one(execution: "Execution", undo: Undo, cause: Problem | None) -> dict[str, object]:
    """One step of the rollback, tried several times with growing pauses."""
    problem: Problem | None = None
    # An undo of our own has retried what passes already; what it answers then, a conflict say, will not change.
    attempts = 1 if undo.tasks is None else ATTEMPTS
    for attempt in range(attempts):
        if attempt > 0:
            await execution.pause(FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
        try:
            await _attempt(execution, undo, cause)
        except WorkflowFault as fault:
            fault.locate(undo.entry.reference)
            problem = fault.problem
        else:
            undo.entry.status = TaskStatus.COMPENSATED
            return {"reference": undo.entry.reference, "status": TaskStatus.COMPENSATED.value, **_iteration(undo)}
    undo.entry.status = TaskStatus.COMPENSATION_FAILED
    error = None if problem is None else problem.as_json()
    return {
        "reference": undo.entry.reference,
        "status": TaskStatus.COMPENSATION_FAILED.value,
        "error": error,
        **_iteration(undo),
    }


async def _attempt(execution: "Execution", undo: Undo, cause: Problem | None) -> None:
    if undo.tasks is None:
        await execution.enter()
        await execution.effects.undo(undo.key)
        return
    error = None if cause is None else cause.as_json()
    frame = Frame(
        context=Context(undo.context),
        variables={**(undo.variables or {}), "error": error},
        path=undo.path,
        compensating=True,
    )
    await execution.run_scope(undo.tasks, undo.data, frame)


def _iteration(undo: Undo) -> dict[str, object]:
    return {"iteration": undo.path} if undo.path else {}
