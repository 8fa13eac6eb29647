"""`foreach`: what is done with each event or message that a task consumes, one at a time, in order."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.language.evaluation import check
from workflows.language.execution import Execution
from workflows.language.nodes import TaskList, Transform
from workflows.language.shapes import as_map, as_text
from workflows.language.steps import Step

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class ForEach:
    """A compiled `foreach`: `item` and `at` name the variables of the message and its index."""

    item: str
    at: str
    tasks: TaskList | None
    output: Transform
    export: Transform

    async def run(self, execution: Execution, step: Step, item: object, index: int) -> tuple[object, bool]:
        """The item's part of the output, and whether an `exit` ends the rest."""
        variables = {self.item: item, self.at: index}
        output, left = item, False
        if self.tasks is not None:
            frame = replace(execution.open_block(step.frame.under(str(index), variables)), anew=True)
            output, left = await execution.run_list(self.tasks, item, frame)
        known = {**step.variables, "context": step.frame.context.value, **variables}
        at = f"{step.task.reference}/foreach"
        output = execution.evaluator.transform(self.output, output, known, f"{at}/output")
        if self.export.template is not None:
            step.frame.context.value = execution.evaluator.transform(
                self.export, output, {**known, "output": output}, f"{at}/export"
            )
        else:
            check(self.export, output, f"{at}/export")
        return output, left


def check_foreach(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    """Report what is wrong with a `foreach`."""
    each = checker.fields(value, pointer, ("item", "at", "do", "output", "export"), what="foreach")
    if each is None:
        return
    names = [
        checker.variable(each.get("item", "item"), f"{pointer}/item"),
        checker.variable(each.get("at", "index"), f"{pointer}/at"),
    ]
    inner = scope.knowing(*names)
    if "do" in each:
        checker.task_list(each["do"], f"{pointer}/do", inner)
    if "output" in each:
        checker.transform(each["output"], f"{pointer}/output", "as", inner)
    if "export" in each:
        checker.transform(each["export"], f"{pointer}/export", "as", inner.at(inner.available | {"output"}))


def compile_foreach(compiler: "Compiler", value: object, pointer: str) -> ForEach | None:
    """Compile a `foreach`, if there is one."""
    if value is None:
        return None
    each = as_map(value, "foreach")
    return ForEach(
        item=as_text(each.get("item", "item"), "item").removeprefix("$"),
        at=as_text(each.get("at", "index"), "at").removeprefix("$"),
        tasks=compiler.task_list(each["do"], f"{pointer}/do") if "do" in each else None,
        output=compiler.transform(each.get("output"), "as"),
        export=compiler.transform(each.get("export"), "as"),
    )
