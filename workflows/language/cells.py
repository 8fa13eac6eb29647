"""Where a running execution stands: one cell for each list and task that is open, linked from the inside out.

A checkpoint is made from the cells around the next task. A type of task that a run cannot go on inside of, such as
`fork`, makes no cell of its own, and so the chain breaks there: within it no checkpoint is made.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workflows.language.problems import Problem
from workflows.language.tasklog import TaskEntry


class OpenTask(Protocol):
    """What is kept of a task that has begun."""

    entry: TaskEntry
    input: object
    variables: dict[str, object]
    expires: float | None
    seconds: float | None


@dataclass(slots=True)
class RootCell:
    """The workflow itself, and its timeout."""

    expires: float | None = None
    seconds: float | None = None


@dataclass(slots=True)
class ListCell:
    """A task list: the index of the task that is next or runs, jumps back so far, and the task's raw input."""

    parent: "Cell | None"
    scopes: tuple[int, ...]
    index: int
    rounds: int
    data: object


@dataclass(slots=True)
class TaskCell:
    """A task that runs others."""

    parent: "Cell | None"
    step: OpenTask


@dataclass(slots=True)
class LoopCell:
    """A `for`."""

    parent: TaskCell
    items: list[object]
    index: int


@dataclass(slots=True)
class TryCell:
    """A `try`; with a problem it is in `catch.do`."""

    parent: TaskCell
    began: datetime
    retry: int = 0
    expires: float | None = None
    seconds: float | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class CallCell:
    """A call of a function of the document, and the function's raw input."""

    parent: TaskCell
    data: object


Cell = RootCell | ListCell | TaskCell | LoopCell | TryCell | CallCell

_MAY_HOLD: dict[type, tuple[type, ...]] = {
    RootCell: (ListCell,),
    ListCell: (TaskCell,),
    TaskCell: (ListCell, LoopCell, TryCell, CallCell),
    LoopCell: (ListCell,),
    TryCell: (ListCell,),
    CallCell: (TaskCell,),
}


def path_to(cell: Cell | None) -> list[Cell] | None:
    """The cells from the workflow down to this one, or None when a run cannot go on from here."""
    path: list[Cell] = []
    while cell is not None:
        if path and not isinstance(path[-1], _MAY_HOLD[type(cell)]):
            return None
        path.append(cell)
        cell = None if isinstance(cell, RootCell) else cell.parent
    return path[::-1] if path and isinstance(path[-1], RootCell) else None
