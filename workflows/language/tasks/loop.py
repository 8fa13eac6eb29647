"""`for`: a list of tasks once for each item, each run on the output of the one before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from workflows.language.cells import LoopCell
from workflows.language.checkpoint import LoopPlace
from workflows.language.evaluation import truthy
from workflows.language.execution import Execution
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body, TaskList
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_list, as_map, as_text
from workflows.language.steps import Step
from workflows.language.templates import Template, from_expression

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class ForBody:
    """A compiled `for`: `each` and `at` name the variables of the item and its index."""

    each: str
    at: str
    items: Template
    condition: Template | None
    tasks: TaskList

    async def run(self, execution: Execution, step: Step) -> object:
        place = execution.returning.take(LoopPlace) if execution.returning else None
        if place is None:
            cell = LoopCell(step.cell(), self._collection(execution, step), 0)
        else:
            cell = LoopCell(step.cell(), as_list(execution.returning.value(place.items), "items"), place.index)
        frame = replace(step.frame, place=cell)
        data, inside = step.input, place is not None
        while cell.index < len(cell.items):
            loop = {self.each: cell.items[cell.index], self.at: cell.index}
            if not (inside or await self._goes_on(data, loop, execution, step)):
                break
            inside = False
            inner = execution.open_block(frame.under(str(cell.index), loop))
            data, left = await execution.run_list(self.tasks, data, inner)
            if left:
                break
            cell.index += 1
        return data

    async def _goes_on(self, data: object, loop: dict[str, object], execution: Execution, step: Step) -> bool:
        """Whether `while` lets this iteration begin."""
        if self.condition is None:
            return True
        variables = {**step.variables, "context": step.frame.context.value, **loop}
        if not truthy(execution.evaluate(self.condition, data, step, variables)):
            return False
        await execution.rest()
        return True

    def _collection(self, execution: Execution, step: Step) -> list[object]:
        items = execution.evaluate(self.items, step.input, step)
        if items is None:
            return []
        if not isinstance(items, list):
            detail = f"for.in must yield an array or null, not {type(items).__name__}"
            raise WorkflowFault.of(Kind.EXPRESSION, detail, instance=step.task.reference)
        return cast("list[object]", items)


class ForTask:
    """The type `for`."""

    key = "for"
    fields = ("for", "while", "do")

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/for"
        loop = checker.fields(definition["for"], at, ("each", "in", "at"), required=("in",), what="for")
        if loop is None:
            return
        _check_items(checker, loop.get("in", []), f"{at}/in", scope)
        names = [
            checker.variable(loop.get("each", "item"), f"{at}/each"),
            checker.variable(loop.get("at", "index"), f"{at}/at"),
        ]
        inner = scope.knowing(*names)
        if "while" in definition:
            checker.expression(definition["while"], f"{pointer}/while", inner)
        if "do" not in definition:
            checker.error(pointer, IssueCode.MISSING_PROPERTY, 'required property "do" is missing')
            return
        checker.task_list(definition["do"], f"{pointer}/do", inner)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        loop = as_map(definition["for"], "for")
        items = loop.get("in")
        return ForBody(
            each=as_text(loop.get("each", "item"), "each").removeprefix("$"),
            at=as_text(loop.get("at", "index"), "at").removeprefix("$"),
            items=from_expression(items) if isinstance(items, str) else compiler.template(items),
            condition=compiler.expression(definition.get("while")),
            tasks=compiler.task_list(definition.get("do"), f"{pointer}/do"),
        )


def _check_items(checker: "Checker", items: object, pointer: str, scope: "Scope") -> None:
    if isinstance(items, str):
        checker.expression(items, pointer, scope)
    elif isinstance(items, list):
        checker.template(cast("list[object]", items), pointer, scope)
    else:
        hint = 'write {"in": "${ .items }"}'
        checker.error(pointer, IssueCode.WRONG_TYPE, "for.in must be an expression or an array", hint)
