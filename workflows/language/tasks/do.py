"""`do`: a list of tasks as one task."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.language.execution import Execution
from workflows.language.nodes import Body, TaskList
from workflows.language.steps import Step

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class DoBody:
    """A compiled `do`."""

    tasks: TaskList

    async def run(self, execution: Execution, step: Step) -> object:
        frame = replace(execution.open_block(step.frame), place=step.cell())
        output, _ = await execution.run_list(self.tasks, step.input, frame)
        return output


class DoTask:
    """The type `do`."""

    key = "do"
    fields = ("do",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        checker.task_list(definition["do"], f"{pointer}/do", scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        return DoBody(compiler.task_list(definition["do"], f"{pointer}/do"))
