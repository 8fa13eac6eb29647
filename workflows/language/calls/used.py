"""Calls of functions that the document itself defines in `use.functions`: each is a task definition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.language.calls.types import STANDARD_CALLS
from workflows.language.cells import CallCell
from workflows.language.checkpoint import CallPlace
from workflows.language.execution import Execution
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class UsedFunctionBody:
    """A compiled call; its task is found at run time, since functions may be defined in any order."""

    name: str
    arguments: Template | None

    async def run(self, execution: Execution, step: Step) -> object:
        function = execution.functions.get(self.name)
        if function is None:
            raise WorkflowFault.of(Kind.CONFIGURATION, f"use.functions has no {self.name!r}")
        cell = CallCell(step.cell(), self._data(execution, step))
        # The function's definition is one place for all callers: the caller makes the keys of its effects unique.
        frame = step.frame.under(step.task.reference)
        return await execution.run_branch(function, cell.data, replace(frame, variables={}, place=cell))

    def _data(self, execution: Execution, step: Step) -> object:
        place = execution.returning.take(CallPlace) if execution.returning else None
        if place is not None:
            return execution.returning.value(place.data)
        return step.input if self.arguments is None else execution.evaluate(self.arguments, step.input, step)


class UsedFunctionCall:
    """The kind that `use.functions` names."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:
        return name in functions and name not in STANDARD_CALLS

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        if "with" in definition:
            checker.template(definition["with"], f"{pointer}/with", scope)

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:
        arguments = definition.get("with")
        return UsedFunctionBody(name, None if arguments is None else compiler.template(arguments))
