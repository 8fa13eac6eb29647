"""Where a task runs: the frame it inherits from the tasks around it, and the state of its own run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from workflows.language.cells import Cell, TaskCell
from workflows.language.nodes import Task
from workflows.language.tasklog import TaskEntry

COMPENSATING = "compensate:"  # how the keys of compensating tasks begin


@dataclass(slots=True)
class Context:
    """The cell of `$context`; branches that compete have one each."""

    value: object = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Frame:
    """What a task list is run in.

    Attributes:
        variables: lexical ones: of loops, of catches, of compensations.
        path: what tells this run of a task from its others: indexes of loops, `r1@2` for the first retry of a `try` at
            depth 2, `g1@2` for the first round after a jump back in a list at depth 2, references of function calls.
        scopes: the rollback scopes around, outermost first.
        deadline: the loop time at which the nearest timeout strikes, for calls to know.
        compensating: nothing that runs here is itself undone.
        place: the cell around; see `cells`.
        extending: nothing that runs here is itself extended.
        calling: the addresses of the functions of others that are being called, so that none calls itself.
        anew: a retry takes nothing over that runs here: it is about what has come from outside anew.
    """

    context: Context
    variables: Mapping[str, object] = field(default_factory=dict[str, object])
    path: str = ""
    scopes: tuple[int, ...] = ()
    depth: int = 0
    deadline: float | None = None
    compensating: bool = False
    place: Cell | None = None
    extending: bool = False
    calling: tuple[str, ...] = ()
    anew: bool = False

    def under(self, part: str, variables: Mapping[str, object] | None = None) -> "Frame":
        """The frame of one iteration, attempt, round or call."""
        return Frame(
            context=self.context,
            variables={**self.variables, **variables} if variables else self.variables,
            path=f"{self.path}.{part}" if self.path else part,
            scopes=self.scopes,
            depth=self.depth,
            deadline=self.deadline,
            compensating=self.compensating,
            place=self.place,
            extending=self.extending,
            calling=self.calling,
            anew=self.anew,
        )

    def knowing(self, variables: Mapping[str, object]) -> "Frame":
        """The same place with more lexical variables."""
        return replace(self, variables={**self.variables, **variables})


@dataclass(slots=True)
class Step:
    """One run of one task.

    Attributes:
        frame: for the tasks inside.
        input: the transformed input.
        about: the `$task` variable.
        variables: all that the task's own expressions see.
        then: the directive that the body chose, if any.
        expires: when the task's own timeout strikes, in seconds of the epoch, and `seconds` how long it was given.
        final: the body's output was taken over, and `output.as` has made it what it is.
    """

    task: Task
    frame: Frame
    entry: TaskEntry
    input: object
    about: dict[str, object]
    variables: dict[str, object]
    then: str | None = None
    expires: float | None = None
    seconds: float | None = None
    final: bool = False

    def cell(self) -> TaskCell:
        """The task's place, for a body that can be entered again: it puts it into the frames of its lists."""
        return TaskCell(self.frame.place, self)

    @property
    def key(self) -> str:
        """The name of this run's effect, the same on every replay."""
        prefix = COMPENSATING if self.frame.compensating else ""
        return f"{prefix}{self.task.reference}#{self.frame.path}"

    def bind(self, name: str, value: object) -> None:
        """Set a standard variable, unless a lexical one of that name hides it."""
        if name not in self.frame.variables:
            self.variables[name] = value


@dataclass(frozen=True, slots=True)
class Taken:
    """An output that was taken over; `raw` says that the task's own `output.as` is still to be applied."""

    output: object
    raw: bool = False
