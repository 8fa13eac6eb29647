"""Turns the tasks of a valid document into nodes: expressions compiled, names resolved, references fixed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from workflows.language.compensation_retries import compile_compensation_retry
from workflows.language.durations import DurationError
from workflows.language.expressions import ExpressionError
from workflows.language.issues import escape
from workflows.language.late import LateTemplate, from_late_template
from workflows.language.nodes import CONTINUE, NOTHING, Extension, Resource, Task, TaskList, Transform
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.schemas import SchemaError, compile_schema
from workflows.language.shapes import as_list, as_map, as_text, part, single
from workflows.language.templates import Template, from_expression, from_template
from workflows.language.timing import Timing, compile_timing

if TYPE_CHECKING:
    from workflows.language.tasks.types import TaskType


# Compiles a reference to a document of the outside.
Refer = Callable[["Compiler", object], Resource]


class Compiler:
    """Compiles the parts of one document; every failure is a configuration fault at its place.

    Attributes:
        uses: the document's `use`: named errors, functions, retries and timeouts.
        source: the `source` of its events that do not name their own.
        pointer: of the task that was last begun, for types that have lists of tasks in unusual places.
        pins: the versions that names of the catalogue's functions meant when the document was saved.
        undoing: the tasks that say how they are undone, by their references.
    """

    def __init__(self, document: Mapping[str, object], types: Mapping[str, "TaskType"], refer: "Refer") -> None:
        self.uses = part(document, "use")
        header = part(document, "document")
        self.source = f"/{header.get('namespace')}/{header.get('name')}/{header.get('version')}"
        self.undoing: dict[str, Task] = {}
        self._types = types
        self._refer = refer
        self.pointer = ""
        self.pins = part(part(header, "metadata"), "functions")
        self.extensions: tuple[Extension, ...] = ()  # empty while they are compiled: they do not extend each other
        self._loose = part(document, "evaluate").get("mode") == "loose"

    def standalone(self) -> "Compiler":
        """For a definition from outside, which knows nothing of this document."""
        return Compiler({}, self._types, self._refer)

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
        self.pointer = pointer
        metadata = part(definition, "metadata")
        compensate = metadata.get("compensate")
        try:
            compiled = Task(
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
                extensions=tuple(each for each in self.extensions if each.covers(kind.key)),
                compensate=None if compensate is None else self.task_list(compensate, f"{pointer}/metadata/compensate"),
                compensate_retry=compile_compensation_retry(metadata.get("compensateRetry")),
            )
        except (ExpressionError, DurationError, SchemaError) as error:
            raise WorkflowFault.of(Kind.CONFIGURATION, str(error), instance=pointer) from error
        if compiled.compensate is not None:
            self.undoing[pointer] = compiled
        return compiled

    def template(self, value: object) -> Template:
        """A template position."""
        return from_template(value, loose=self._loose)

    def late_template(self, value: object) -> LateTemplate:
        """A template position in which secrets may be read: what reads them stays unevaluated."""
        return from_late_template(value, loose=self._loose)

    def authentication(self, value: object) -> Mapping[str, object]:
        """An authentication policy, given in place or by its name in `use.authentications`."""
        policy = as_map(value, "authentication")
        name = policy.get("use")
        return policy if name is None else as_map(self.used("authentications", as_text(name, "use")), "authentication")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names in `use.secrets`."""
        return tuple(as_text(name, "use.secrets") for name in as_list(self.uses.get("secrets", []), "use.secrets"))

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
        if parts.get("schema") is None:
            return Transform(None, template)
        schema = part(parts, "schema")
        if "resource" in schema:
            return Transform(None, template, self._refer(self, part(schema, "resource").get("endpoint")))
        return Transform(compile_schema(schema.get("document")), template)

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
