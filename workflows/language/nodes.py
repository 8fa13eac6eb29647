"""The compiled form of tasks: immutable, shared by every execution of the same document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from workflows.language.schemas import Schema
from workflows.language.templates import Template
from workflows.language.timing import Timing

if TYPE_CHECKING:
    from workflows.language.execution import Execution
    from workflows.language.steps import Step

CONTINUE = "continue"
EXIT = "exit"
END = "end"
DIRECTIVES = frozenset({CONTINUE, EXIT, END})


class Body(Protocol):
    """What one type of task does between its input and its output."""

    async def run(self, execution: "Execution", step: "Step") -> object:
        """The raw output; may set `step.then` to overrule the task's own directive. Raises `WorkflowFault`."""
        ...


@dataclass(frozen=True, slots=True)
class Transform:
    """A schema and a template: `input`, `output` or `export` of a task or a workflow."""

    schema: Schema | None = None
    template: Template | None = None


NOTHING = Transform()


@dataclass(frozen=True, slots=True)
class Task:
    """One task, ready to run.

    Attributes:
        reference: the JSON pointer of its definition.
        then: a directive or the name of a task in the same list.
        compensate: the author's own undo, run instead of the automatic one.
    """

    name: str
    reference: str
    type: str
    definition: Mapping[str, object]
    body: Body
    condition: Template | None = None
    input: Transform = NOTHING
    output: Transform = NOTHING
    export: Transform = NOTHING
    timeout: Timing | None = None
    then: str = CONTINUE
    compensate: "TaskList | None" = None


@dataclass(frozen=True, slots=True)
class TaskList:
    """Tasks in order, and where each name is for jumps."""

    tasks: tuple[Task, ...]
    targets: Mapping[str, int] = field(default_factory=dict[str, int])
