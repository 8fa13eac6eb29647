"""Makes a checkpoint of a running execution, and from a checkpoint what it was made of."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar, cast

from zilliance.enums import TaskStatus

from workflows.language.cells import CallCell, Cell, ListCell, LoopCell, OpenTask, RootCell, TaskCell, TryCell
from workflows.language.checkpoint import (
    CallPlace,
    Checkpoint,
    ListPlace,
    LoopPlace,
    Place,
    Ref,
    SavedEntry,
    SavedRetry,
    SavedUndo,
    TaskPlace,
    TryPlace,
)
from workflows.language.compensation import Journal, Undo
from workflows.language.compensation_retries import USUAL, CompensationRetry
from workflows.language.meter import Meter
from workflows.language.nodes import Task, TaskList
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.shapes import as_map
from workflows.language.tasklog import TaskEntry, TaskLog

CompileList = Callable[[object, str], TaskList]
P = TypeVar("P", ListPlace, TaskPlace, LoopPlace, TryPlace, CallPlace)


class Capture:
    """Collects one checkpoint: values and entries are written down once, and referred to by their position."""

    def __init__(self, log: TaskLog, undoing: Mapping[str, Task]) -> None:
        self._undoing = undoing
        self._values: list[object] = []
        self._places: dict[int, Ref] = {}
        self._entries = list(log.entries)
        self._logged = len(log.entries)
        self._entry_places = {id(entry): index for index, entry in enumerate(log.entries)}
        self._log = log

    def checkpoint(
        self,
        path: Sequence[Cell],
        *,
        context: object,
        journal: Journal,
        meter: Meter,
        entered: bool,
        library: Mapping[str, object] | None = None,
    ) -> Checkpoint:
        root, *cells = path
        undos = [self._undo(undo) for undo in journal.undos]
        places = [self._place(cell) for cell in cells]
        return Checkpoint(
            path=places,
            context=self._put(context),
            expires=root.expires if isinstance(root, RootCell) else None,
            seconds=root.seconds if isinstance(root, RootCell) else None,
            log=[self._saved(entry, logged=index < self._logged) for index, entry in enumerate(self._entries)],
            log_left=self._log.left,
            journal=undos,
            scopes=journal.scopes,
            steps=meter.steps,
            runs=meter.runs,
            entered=entered,
            library={uri: self._put(document) for uri, document in (library or {}).items()},
            values=self._values,
        )

    def _put(self, value: object) -> Ref:
        known = self._places.get(id(value))
        if known is None:
            known = self._places[id(value)] = len(self._values)
            self._values.append(value)
        return known

    def _entry(self, entry: TaskEntry) -> int:
        known = self._entry_places.get(id(entry))
        if known is None:
            known = self._entry_places[id(entry)] = len(self._entries)
            self._entries.append(entry)
        return known

    def _place(self, cell: Cell) -> Place:
        match cell:
            case ListCell():
                return ListPlace(index=cell.index, rounds=cell.rounds, scopes=cell.scopes, data=self._put(cell.data))
            case TaskCell():
                return self._task(cell.step)
            case LoopCell():
                return LoopPlace(items=self._put(cell.items), index=cell.index)
            case TryCell():
                return TryPlace(
                    began=cell.began.isoformat(),
                    retry=cell.retry,
                    expires=cell.expires,
                    seconds=cell.seconds,
                    problem=None if cell.problem is None else self._put(cell.problem.as_json()),
                )
            case CallCell():
                return CallPlace(data=self._put(cell.data))
            case RootCell():
                raise TypeError("a workflow has one root")

    def _task(self, step: OpenTask) -> TaskPlace:
        return TaskPlace(
            entry=self._entry(step.entry),
            input=self._put(step.input),
            context=self._put(step.variables.get("context")),
            expires=step.expires,
            seconds=step.seconds,
        )

    def _saved(self, entry: TaskEntry, *, logged: bool) -> SavedEntry:
        return SavedEntry(
            name=entry.name,
            reference=entry.reference,
            status=entry.status.value,
            started_at=entry.started_at.isoformat(),
            completed_at=None if entry.completed_at is None else entry.completed_at.isoformat(),
            iteration=entry.iteration,
            input=self._put(entry.input),
            output=self._put(entry.output),
            error=self._put(None if entry.error is None else entry.error.as_json()),
            logged=logged,
            origin=entry.origin,
        )

    def _undo(self, undo: Undo) -> SavedUndo:
        definition = self._foreign(undo)
        return SavedUndo(
            key=undo.key,
            entry=self._entry(undo.entry),
            scopes=undo.scopes,
            path=undo.path,
            tasks=undo.entry.reference if undo.tasks is not None else None,
            definition=definition,
            retry=None if definition is None else SavedRetry.model_validate(asdict(undo.retry)),
            execution_id=undo.execution_id,
            data=self._put(undo.data),
            variables=self._put(undo.variables),
            context=self._put(undo.context),
        )

    def _foreign(self, undo: Undo) -> Ref | None:
        """The definition of a list that the document does not have."""
        known = self._undoing.get(undo.entry.reference)
        if undo.tasks is None or (known is not None and known.compensate is undo.tasks):
            return None
        return self._put([{task.name: task.definition} for task in undo.tasks.tasks])


class Return:
    """The way from the workflow's beginning back to a checkpoint: each list and task on it takes its own place.

    Attributes:
        entries: every entry that the checkpoint knows, of which the logged ones come first.
    """

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self._ahead: deque[Place] = deque(() if checkpoint is None else checkpoint.path)
        self._values: list[object] = [] if checkpoint is None else checkpoint.values
        self.entries: list[TaskEntry] = []
        if checkpoint is not None:
            self.entries = [self._restored(entry) for entry in checkpoint.log]

    def __bool__(self) -> bool:
        return bool(self._ahead)

    def take(self, kind: type[P]) -> P | None:
        """The place of who asks, or None when the execution is past the checkpoint or began anew."""
        if not self._ahead:
            return None
        place = self._ahead.popleft()
        if not isinstance(place, kind):
            detail = f"the checkpoint does not fit the definition: {place.kind} where {kind.__name__} was expected"
            raise WorkflowFault.of(Kind.RUNTIME, detail, instance="/")
        return place

    def value(self, ref: Ref) -> object:
        return self._values[ref]

    def problem(self, ref: Ref) -> Problem | None:
        value = self._values[ref]
        return None if value is None else Problem.from_json(as_map(value, "problem"))

    def scope(self, depth: int) -> int | None:
        """The rollback scope that is open so deep on the way that is left."""
        scopes = next((place.scopes for place in self._ahead if isinstance(place, ListPlace)), ())
        return scopes[depth] if depth < len(scopes) else None

    def undo(self, saved: SavedUndo, undoing: Mapping[str, Task], compile_list: CompileList) -> Undo:
        """An entry of the journal; `undoing` are the tasks that say how they are undone, by their references."""
        task = undoing[saved.tasks] if saved.tasks is not None and saved.definition is None else None
        tasks = None if task is None else task.compensate
        if saved.definition is not None:
            tasks = compile_list(self.value(saved.definition), f"{saved.tasks}/metadata/compensate")
        return Undo(
            key=saved.key,
            entry=self.entries[saved.entry],
            scopes=saved.scopes,
            path=saved.path,
            tasks=tasks,
            data=self.value(saved.data),
            variables=cast("Mapping[str, object] | None", self.value(saved.variables)),
            context=self.value(saved.context),
            retry=_retry(saved) if task is None else task.compensate_retry,
            execution_id=saved.execution_id,
        )

    def _restored(self, entry: SavedEntry) -> TaskEntry:
        return TaskEntry(
            name=entry.name,
            reference=entry.reference,
            status=TaskStatus(entry.status),
            started_at=datetime.fromisoformat(entry.started_at),
            iteration=entry.iteration,
            input=self.value(entry.input),
            output=self.value(entry.output),
            error=self.problem(entry.error),
            completed_at=None if entry.completed_at is None else datetime.fromisoformat(entry.completed_at),
            origin=entry.origin,
        )


def _retry(saved: SavedUndo) -> CompensationRetry:
    return USUAL if saved.retry is None else CompensationRetry(**saved.retry.model_dump())
