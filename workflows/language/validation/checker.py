"""Checks tasks and task lists: the common fields here, each type's own in the type's file."""

from collections.abc import Mapping
from typing import cast

from workflows.language.calls.endpoints import check_constant_endpoint
from workflows.language.compiler import type_of_task
from workflows.language.issues import IssueCode, suggestion
from workflows.language.late import AUTHORIZATION
from workflows.language.limits import MAX_DEPTH, MAX_TASKS
from workflows.language.nodes import DIRECTIVES
from workflows.language.tasks.registry import TASK_TYPES
from workflows.language.validation.compensations import check_compensation_retry
from workflows.language.validation.events import check_strategy
from workflows.language.validation.flow import report_flow
from workflows.language.validation.parts import PartChecks
from workflows.language.validation.reporter import kind_of, shown
from workflows.language.validation.scope import ALWAYS, TASK_BODY, TASK_EXPORT, TASK_INPUT, Scope

COMMON_FIELDS = ("if", "input", "output", "export", "timeout", "then", "metadata")
_TRANSFORMS = (("input", "from", TASK_INPUT), ("output", "as", TASK_BODY), ("export", "as", TASK_EXPORT))


class Checker(PartChecks):
    """Checks one document."""

    def __init__(self, uses: Mapping[str, object], *, loose: bool, allowed_runs: frozenset[str] = frozenset()) -> None:
        super().__init__(uses, loose=loose)
        self.allowed_runs = allowed_runs
        self._tasks = 0

    def task_list(self, value: object, pointer: str, scope: Scope, *, jumps: bool = True) -> None:
        """A list of named tasks; without `jumps`, as for branches, none may name another as its next."""
        if scope.depth >= MAX_DEPTH:
            message = f"tasks are nested more than {MAX_DEPTH} deep"
            self.error(pointer, IssueCode.TOO_LARGE, message, "move inner tasks to use.functions")
            return
        named = _named(value) if jumps else []
        names = {name for name, _ in named}
        inner = scope.among(names)
        for index, name, task in self.entries(value, pointer, "task"):
            self.task(task, self.at(pointer, index, name), inner)
        if jumps and isinstance(value, list) and len(named) == len(cast("list[object]", value)) == len(names):
            report_flow(self, named, pointer)

    def task(self, value: object, pointer: str, scope: Scope) -> None:
        """One task."""
        self._tasks += 1
        if self._tasks == MAX_TASKS + 1:
            message = f"the document has more than {MAX_TASKS:,} tasks"
            self.error(pointer, IssueCode.TOO_LARGE, message, "loop over data instead of repeating tasks")
        if self._tasks > MAX_TASKS:
            return
        if not isinstance(value, Mapping):
            self.error(pointer, IssueCode.WRONG_TYPE, f"a task must be an object, not {kind_of(value)}")
            return
        definition = cast("Mapping[str, object]", value)
        kind = type_of_task(definition, TASK_TYPES)
        if kind is None:
            self._report_type(definition, pointer)
            return
        others = [key for key in TASK_TYPES if key in definition and key not in kind.fields]
        if others:
            message = f'a task has one type, and this one has two: "{kind.key}" and "{others[0]}"'
            hint = "make two tasks of it, or put both into a do"
            self.error(pointer, IssueCode.UNKNOWN_TASK_TYPE, message, hint)
            return
        self.fields(definition, pointer, (*kind.fields, *COMMON_FIELDS), what=f"{kind.key} task")
        self._common(definition, pointer, scope)
        kind.check(self, definition, pointer, scope.at(TASK_BODY))

    def schema_by_reference(self, schema: Mapping[str, object], pointer: str) -> None:
        super().schema_by_reference(schema, pointer)
        resource = schema["resource"]
        if isinstance(resource, Mapping) and "endpoint" in resource:
            endpoint = cast("Mapping[str, object]", resource)["endpoint"]
            check_constant_endpoint(self, endpoint, f"{pointer}/resource/endpoint", Scope(available=ALWAYS))

    def directive(self, value: object, pointer: str, scope: Scope) -> None:
        """A `then`."""
        if not isinstance(value, str):
            self.error(pointer, IssueCode.WRONG_TYPE, f"then must be text, not {kind_of(value)}")
        elif value not in DIRECTIVES and value not in scope.siblings:
            near = suggestion(value, scope.siblings | DIRECTIVES)
            hint = (
                f'did you mean "{near}"?' if near else "use continue, exit, end or the name of a task in the same list"
            )
            self.error(pointer, IssueCode.UNKNOWN_TARGET, f'there is no task "{value:.80}" in this list', hint)

    def transform(self, value: object, pointer: str, key: str, scope: Scope) -> None:
        """An `input`, `output` or `export`."""
        parts = self.fields(value, pointer, ("schema", key), what=pointer.rpartition("/")[2])
        if parts is None:
            return
        if "schema" in parts:
            self.schema(parts["schema"], f"{pointer}/schema")
        by = parts.get(key)
        if isinstance(by, str):
            self.expression(by, f"{pointer}/{key}", scope)
        elif by is None or isinstance(by, Mapping):
            self.template(cast("object", by), f"{pointer}/{key}", scope)
        else:
            message = f"{key} must be an expression or an object, not {kind_of(by)}"
            self.error(f"{pointer}/{key}", IssueCode.WRONG_TYPE, message)

    def strategy(self, value: object, pointer: str, scope: Scope) -> None:
        """Which events a `listen` waits for."""
        check_strategy(self, value, pointer, scope)

    def _common(self, definition: Mapping[str, object], pointer: str, scope: Scope) -> None:
        answered = frozenset({AUTHORIZATION}) if "call" in definition else frozenset[str]()
        if "if" in definition:
            self.expression(definition["if"], f"{pointer}/if", scope.at(TASK_INPUT))
        for field, key, available in _TRANSFORMS:
            if field in definition:
                here = available if field == "input" else available | answered
                self.transform(definition[field], f"{pointer}/{field}", key, scope.at(here))
        if "timeout" in definition:
            self.timeout(definition["timeout"], f"{pointer}/timeout", scope.at(TASK_BODY))
        if "then" in definition:
            self.directive(definition["then"], f"{pointer}/then", scope)
        if "metadata" in definition:
            self._metadata(definition["metadata"], f"{pointer}/metadata", scope)

    def _metadata(self, value: object, pointer: str, scope: Scope) -> None:
        metadata = self.mapping(value, pointer, "metadata")
        if "compensate" in metadata:
            inner = Scope(lexical=scope.lexical | {"input", "output", "error"}, depth=scope.depth)
            self.task_list(metadata["compensate"], f"{pointer}/compensate", inner)
        if "compensateRetry" in metadata:
            at = f"{pointer}/compensateRetry"
            check_compensation_retry(self, metadata["compensateRetry"], at, scope)
            if "compensate" not in metadata:
                message = "there is no compensate that could be tried again"
                self.warning(at, IssueCode.WITHOUT_EFFECT, message, "add compensate, a list of tasks")
        if "rollback" in metadata and metadata["rollback"] not in (True, False, "none", "auto"):
            hint = 'write "none" on a function that must not be undone, or true on a try that undoes its list'
            message = f"{shown(metadata['rollback'])} does not say how to roll back"
            self.error(f"{pointer}/rollback", IssueCode.INVALID_VALUE, message, hint)

    def _report_type(self, definition: Mapping[str, object], pointer: str) -> None:
        types = f"a task has one of: {', '.join(TASK_TYPES)}"
        own = [key for key in definition if key not in COMMON_FIELDS]
        if not own:
            self.error(pointer, IssueCode.UNKNOWN_TASK_TYPE, "the task has no type", types)
            return
        key = next((key for key in own if suggestion(key, TASK_TYPES)), own[0])
        near = suggestion(key, TASK_TYPES)
        hint = f'did you mean "{near}"?' if near else types
        self.error(self.at(pointer, key), IssueCode.UNKNOWN_TASK_TYPE, f'unknown task type "{key:.80}"', hint)


def _named(value: object) -> list[tuple[str, object]]:
    """The entries of a task list that have a name, whatever else is wrong with it."""
    if not isinstance(value, list):
        return []
    entries = (
        cast("Mapping[str, object]", entry) for entry in cast("list[object]", value) if isinstance(entry, Mapping)
    )
    return [next(iter(entry.items())) for entry in entries if entry]
