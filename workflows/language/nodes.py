"""The compiled form of tasks: immutable, shared by every execution of the same document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from workflows.language.compensation_retries import USUAL, CompensationRetry
from workflows.language.effects import ServiceCall
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

ALL = "all"
# The standard does not say what `composite` is; these are the tasks whose only content is other tasks.
COMPOSITES = ("do", "fork")
EXTENDABLE = ("call", "composite", "emit", "for", "listen", "raise", "run", "set", "switch", "try", "wait", ALL)


class Body(Protocol):
    """What one type of task does between its input and its output."""

    async def run(self, execution: "Execution", step: "Step") -> object:
        """The raw output; may set `step.then` to overrule the task's own directive. Raises `WorkflowFault`."""
        ...


@dataclass(frozen=True, slots=True)
class Resource:
    """A document of the outside, and the call that reads it."""

    uri: str
    call: ServiceCall


@dataclass(frozen=True, slots=True)
class Transform:
    """A schema and a template: `input`, `output` or `export` of a task or a workflow.

    Attributes:
        resource: where the schema is, when it is not in the document; `schema` is then None until it was read.
    """

    schema: Schema | None = None
    template: Template | None = None
    resource: Resource | None = None


NOTHING = Transform()


@dataclass(frozen=True, slots=True)
class Task:
    """One task, ready to run.

    Attributes:
        reference: the JSON pointer of its definition.
        then: a directive or the name of a task in the same list.
        compensate: the author's own undo, run instead of the automatic one.
        extensions: those that cover this type of task.
        compensate_retry: how often that is tried.
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
    extensions: tuple["Extension", ...] = ()
    compensate_retry: CompensationRetry = USUAL


@dataclass(frozen=True, slots=True)
class TaskList:
    """Tasks in order, and where each name is for jumps."""

    tasks: tuple[Task, ...]
    targets: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Extension:
    """What runs around every task of a type, compiled."""

    extend: str
    condition: Template | None
    before: TaskList | None
    after: TaskList | None

    def covers(self, task_type: str) -> bool:
        return self.extend in (ALL, task_type) or (self.extend == "composite" and task_type in COMPOSITES)
