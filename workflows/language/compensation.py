"""Rollback: what completed tasks registered is undone in reverse order of completion, and one failure stops nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zilliance.enums import TaskStatus

from workflows.language.checkpoint import CheckpointReached
from workflows.language.compensation_retries import USUAL, CompensationRetry
from workflows.language.nodes import TaskList
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.steps import Context, Frame, Step
from workflows.language.tasklog import TaskEntry

if TYPE_CHECKING:
    from workflows.language.execution import Execution

Steps = list[dict[str, object]]

_INTERNAL = "an internal error, which the worker's log has"

# What is left alone because an earlier undo failed and the document says to stop then.
NOT_TRIED = "skipped"


@dataclass(frozen=True, slots=True)
class RollbackRules:
    """What a document says of its rollback.

    Attributes:
        on_fault: undo at a fault or a timeout.
        on_cancel: undo when cancelled.
        stops: the first undo that fails ends the rollback; else the rest is still undone.
    """

    on_fault: bool = True
    on_cancel: bool = True
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """How one completed task is undone.

    Attributes:
        tasks: the author's own list; None for the automatic undo of the effect recorded under `key`.
        data: the first task's input: the output of what is undone.
        variables: `$input` and `$output` of what is undone, and the lexical variables around it.
        context: `$context` as it was.
        retry: how often the author's own list is tried.
        execution_id: the completed sub-workflow that is rolled back; None for everything else.
    """

    key: str
    entry: TaskEntry
    scopes: tuple[int, ...]
    path: str
    tasks: TaskList | None = None
    data: object = None
    variables: Mapping[str, object] | None = None
    context: object = None
    retry: CompensationRetry = USUAL
    execution_id: str | None = None


class Journal:
    """What would have to be undone, in order of completion.

    Attributes:
        scopes: how many were opened.
    """

    def __init__(self, undos: Sequence[Undo] = (), scopes: int = 0) -> None:
        self._undos: dict[str, Undo] = {undo.key: undo for undo in undos}
        self.scopes = scopes

    @property
    def undos(self) -> list[Undo]:
        """Last completed last."""
        return list(self._undos.values())

    def open_scope(self) -> int:
        """A mark for everything registered within it, so that a `try` can roll back its own part."""
        self.scopes += 1
        return self.scopes

    def register_effect(self, step: Step, *, execution_id: str | None = None) -> None:
        """Remember an effect that the platform can undo by its key, or a sub-workflow that it can roll back."""
        frame = step.frame
        self._add(Undo(step.key, step.entry, frame.scopes, frame.path, execution_id=execution_id))

    def register_adopted(self, step: Step, key: str, *, execution_id: str | None = None) -> None:
        """Remember an effect or a sub-workflow that was taken over from another execution, under its key here."""
        self._add(Undo(key, step.entry, step.frame.scopes, step.frame.path, execution_id=execution_id))

    def register_tasks(self, step: Step, tasks: TaskList, output: object) -> None:
        """Remember the author's own undo; it replaces the automatic one of the same task."""
        frame = step.frame
        self._add(
            Undo(
                step.key,
                step.entry,
                frame.scopes,
                frame.path,
                tasks=tasks,
                data=output,
                variables={**frame.variables, "input": step.input, "output": output},
                context=frame.context.value,
                retry=step.task.compensate_retry,
            )
        )

    def take(self, scope: int | None = None) -> list[Undo]:
        """Remove and return what is to be undone, last completed first; everything when no scope is given."""
        taken = [undo for undo in self._undos.values() if scope is None or scope in undo.scopes]
        for undo in taken:
            del self._undos[undo.key]
        return taken[::-1]

    def _add(self, undo: Undo) -> None:
        self._undos.pop(undo.key, None)  # the place is that of the completion, which is now
        self._undos[undo.key] = undo


async def roll_back(
    execution: "Execution",
    undos: Sequence[Undo],
    cause: Problem | None,
    *,
    done: Sequence[dict[str, object]] = (),
    before: Callable[[Sequence[Undo], Steps], Awaitable[None]] | None = None,
) -> dict[str, object]:
    """Undo each; the result names every step and is `completed`, `partial` or, with nothing to undo, `none`.

    `done` are the steps of the run before this one, and `before` hears before each undo what is left and what was done.
    """
    steps: Steps = list(done)
    failed = any(step["status"] == TaskStatus.COMPENSATION_FAILED for step in steps)
    for index, undo in enumerate(undos):
        if before is not None:
            await before(undos[index:], steps)
        if failed and execution.rollback.stops:
            steps.append({"reference": undo.entry.reference, "status": NOT_TRIED, **_iteration(undo)})
            continue
        step = await _undo_one(execution, undo, cause)
        failed = failed or step["status"] == TaskStatus.COMPENSATION_FAILED
        steps.append(step)
    status = "none" if not steps else "partial" if failed else "completed"
    return {"status": status, "steps": steps}


async def _undo_one(execution: "Execution", undo: Undo, cause: Problem | None) -> dict[str, object]:
    """One step of the rollback, tried several times with growing pauses."""
    problem: Problem | None = None
    # An undo of our own has retried what passes already; what it answers then, a conflict say, will not change.
    attempts = 1 if undo.tasks is None else undo.retry.attempts
    for attempt in range(attempts):
        if attempt > 0:
            await execution.pause(undo.retry.pause_before(attempt))
        try:
            await _attempt(execution, undo, cause)
        except WorkflowFault as fault:
            fault.locate(undo.entry.reference)
            problem = fault.problem
        except CheckpointReached:
            raise
        except Exception as error:  # noqa: BLE001  a bug of ours in one undo must not keep the rest from being undone
            execution.internal_errors.append(error)
            problem = Problem.of(Kind.RUNTIME, _INTERNAL, instance=undo.entry.reference)
            break
        else:
            return _step(undo, TaskStatus.COMPENSATED)
    return {**_step(undo, TaskStatus.COMPENSATION_FAILED), "error": None if problem is None else problem.as_json()}


def _step(undo: Undo, status: TaskStatus) -> dict[str, object]:
    """What the result says of one step, and the task log of its task."""
    undo.entry.status = status
    return {"reference": undo.entry.reference, "status": status.value, **_iteration(undo)}


async def _attempt(execution: "Execution", undo: Undo, cause: Problem | None) -> None:
    if undo.tasks is None and undo.execution_id is not None:
        error = None if cause is None else cause.as_json()
        await execution.effects.sub_workflows.roll_back(undo.execution_id, error)
        return
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
