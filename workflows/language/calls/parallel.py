"""`call: map-parallel`: tasks for each item of a collection, some items at the same time, results in order."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workflows.language.calls.arguments import arguments_of
from workflows.language.catalogue.control import MOST_ITEMS, USUAL_AT_ONCE
from workflows.language.catalogue.function import Function
from workflows.language.concurrency import cancel_all
from workflows.language.execution import Execution
from workflows.language.nodes import Body, TaskList
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_text, part
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class ParallelBody:
    """A compiled `map-parallel`: `each` and `at` name the variables of the item and its index."""

    function: Function
    arguments: Template
    each: str
    at: str
    tasks: TaskList

    async def run(self, execution: Execution, step: Step) -> object:
        arguments = arguments_of(self.function, self.arguments, execution, step)
        items = list(enumerate(cast("list[object]", arguments.get("in") or [])))
        if len(items) > MOST_ITEMS:
            detail = f"map-parallel takes {MOST_ITEMS} items at most, and these are {len(items)}: split them"
            raise WorkflowFault.of(Kind.VALIDATION, detail, instance=f"{step.task.reference}/with/in")
        outputs: list[object] = [None] * len(items)
        waiting = iter(items)

        async def work() -> None:
            """Take one item after the other, until there are none."""
            for index, item in waiting:
                frame = step.frame.under(str(index), {self.each: item, self.at: index})
                outputs[index], _ = await execution.run_list(self.tasks, item, execution.open_block(frame))

        most = arguments.get("concurrency", USUAL_AT_ONCE)
        workers = min(most if isinstance(most, int) else USUAL_AT_ONCE, len(items))
        await _all_of([asyncio.create_task(work()) for _ in range(workers)])
        return outputs


async def _all_of(workers: list[asyncio.Task[None]]) -> None:
    """Wait for all; the first that faults ends the others."""
    ended: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()
    # A queue keeps the order of completion, which a set of done tasks would lose and replay needs.
    for worker in workers:
        worker.add_done_callback(ended.put_nowait)
    try:
        for _ in workers:
            (await ended.get()).result()
    finally:
        await cancel_all(workers)


def check_parallel(checker: "Checker", arguments: Mapping[str, object], pointer: str, scope: "Scope") -> None:
    names = [
        checker.variable(arguments.get("each", "item"), f"{pointer}/each"),
        checker.variable(arguments.get("at", "index"), f"{pointer}/at"),
    ]
    if "do" in arguments:
        checker.task_list(arguments["do"], f"{pointer}/do", scope.knowing(*names))


def compile_parallel(compiler: "Compiler", function: Function, definition: Mapping[str, object]) -> Body:
    arguments = part(definition, "with")
    values = {name: value for name, value in arguments.items() if name not in function.lists}
    return ParallelBody(
        function,
        compiler.template(values),
        each=as_text(arguments.get("each", "item"), "each").removeprefix("$"),
        at=as_text(arguments.get("at", "index"), "at").removeprefix("$"),
        tasks=compiler.task_list(arguments.get("do"), f"{compiler.pointer}/with/do"),
    )
