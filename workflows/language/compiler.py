"""Turns the tasks of a valid document into nodes: expressions compiled, names resolved, references fixed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.durations import DurationError
from workflows.language.expressions import ExpressionError
from workflows.language.issues import escape
from workflows.language.nodes import CONTINUE, NOTHING, Task, TaskList, Transform
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.schemas import SchemaError, compile_schema
from workflows.language.shapes import as_list, as_map, as_text, part, single
from workflows.language.templates import Template, from_expression, from_template
from workflows.language.timing import Timing, compile_timing

if TYPE_CHECKING:
    from workflows.language.tasks.types import TaskType


class Compiler:
    """Compiles the parts of one document; every failure is a configuration fault at its place.

    Attributes:
        uses: the document's `use`: named errors, functions, retries and timeouts.
    """

    def __init__(self, document: Mapping[str, object], types: Mapping[str, "TaskType"]) -> None:
        self.uses = part(document, "use")
        self._types = types
        self._loose = part(document, "evaluate").get("mode") == "loose"

    def task_list(self, definition: object, pointer: str) -> TaskList:
        tasks: list[Task] = []
        targets: dict[str, int] = {}
        for index, entry in enumerate(as_list(definition, pointer)):
            name, task = single(entry, f"{pointer}/{index}")
            targets[name] = index
            tasks.append(self.task(name, task, f"{pointer}/{index}/{escape(name)}"))
        return TaskList(tuple(tasks), targets)

    def task(self, name: str, value: object, pointer: str) -> Task:
        definition = as_map(value, pointer)
        kind = type_of_task(definition, self._types)
        if kind is None:
            raise WorkflowFault.of(Kind.CONFIGURATION, "the task has no type that can run here", instance=pointer)
        compensate = part(definition, "metadata").get("compensate")
        try:
            return Task(
                name=name,
                reference=pointer,
                type=kind.key,
                definition=definition,
                body=kind.compile(self, definition, pointer),
                condition=self.expression(definition.get("if")),
                input=self.transform(definition.get("input"), "from"),
                output=self.transform(definition.get("output"), "as"),
                export=self.transform(definition.get("export"), "as"),
                timeout=self.timeout(definition.get("timeout")),
                then=as_text(definition.get("then", CONTINUE), "then"),
                compensate=None if compensate is None else self.task_list(compensate, f"{pointer}/metadata/compensate"),
            )
        except (ExpressionError, DurationError, SchemaError) as error:
            raise WorkflowFault.of(Kind.CONFIGURATION, str(error), instance=pointer) from error

    def template(self, value: object) -> Template:
        """A template position."""
        return from_template(value, loose=self._loose)

    def expression(self, value: object) -> Template | None:
        """A position that is an expression with or without `${ }`; a bare boolean stands for itself."""
        if value is None:
            return None
        return from_expression(value) if isinstance(value, str) else from_template(value)

    def transform(self, value: object, key: str) -> Transform:
        """An `input`, `output` or `export`; its `from` or `as` is an expression as text, else a template."""
        if value is None:
            return NOTHING
        parts = as_map(value, key)
        by = parts.get(key)
        template = from_expression(by) if isinstance(by, str) else None if by is None else self.template(by)
        schema = parts.get("schema")
        if schema is None:
            return Transform(None, template)
        return Transform(compile_schema(as_map(schema, "schema").get("document")), template)

    def timeout(self, value: object) -> Timing | None:
        """A timeout, given in place or by its name in `use.timeouts`."""
        if value is None:
            return None
        found = self.used("timeouts", value) if isinstance(value, str) else value
        return compile_timing(as_map(found, "timeout").get("after"))

    def used(self, kind: str, name: str) -> object:
        """What `use` defines under a name."""
        named = part(self.uses, kind)
        if name not in named:
            raise WorkflowFault.of(Kind.CONFIGURATION, f"use.{kind} has no {name!r}")
        return named[name]


def type_of_task(definition: Mapping[str, object], types: Mapping[str, "TaskType"]) -> "TaskType | None":
    """The type whose key the task carries; `for` comes before the `do` that it contains."""
    return next((kind for key, kind in types.items() if key in definition), None)
