"""`raise`: ends the task with an error of the author's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.language.execution import Execution
from workflows.language.nodes import Body
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.shapes import as_map
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


# An error is written into the log of every task that it passes.
_LONGEST_TEXT = 8 * 1024


@dataclass(frozen=True, slots=True)
class RaiseBody:
    """A compiled `raise`."""

    error: Template

    async def run(self, execution: Execution, step: Step) -> object:
        raise WorkflowFault(_problem(as_map(execution.evaluate(self.error, step.input, step), "error"), step))


def _problem(error: Mapping[str, object], step: Step) -> Problem:
    """The error with `instance` set to the task unless the author gave one; absent members stay absent."""
    type_, status = error.get("type"), error.get("status")
    if not isinstance(type_, str) or not isinstance(status, (int, float)) or isinstance(status, bool):
        detail = f"an error needs a type that is a URI and a status that is a number, not {type_!r:.80}, {status!r:.80}"
        raise WorkflowFault.of(Kind.EXPRESSION, detail, instance=step.task.reference)
    return Problem(
        type=type_[:_LONGEST_TEXT],
        status=int(status),
        title=_text(error.get("title")),
        detail=_text(error.get("detail")),
        instance=_text(error.get("instance")) or step.task.reference,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:_LONGEST_TEXT]


class RaiseTask:
    """The type `raise`."""

    key = "raise"
    fields = ("raise",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/raise"
        parts = checker.fields(definition["raise"], at, ("error",), required=("error",), what="raise")
        if parts is None or "error" not in parts:
            return
        error = parts["error"]
        if isinstance(error, str):
            checker.used("errors", error, f"{at}/error", scope)
        else:
            checker.problem(error, f"{at}/error", scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        error = as_map(definition["raise"], "raise").get("error")
        return RaiseBody(compiler.template(compiler.used("errors", error) if isinstance(error, str) else error))
