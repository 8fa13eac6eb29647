"""`call: wait-for-webhook`: a URL for one request, and the body of that request."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.language.calls.arguments import arguments_of
from workflows.language.calls.waiting import waiting
from workflows.language.catalogue.function import Function
from workflows.language.execution import Execution
from workflows.language.nodes import Body, TaskList
from workflows.language.shapes import part
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

VARIABLE = "callback"


@dataclass(frozen=True, slots=True)
class CallbackBody:
    """A compiled `wait-for-webhook`; `tasks` tell the URL to whoever will call it."""

    function: Function
    arguments: Template
    tasks: TaskList | None

    async def run(self, execution: Execution, step: Step) -> object:
        arguments = arguments_of(self.function, self.arguments, execution, step)
        await execution.enter()
        work = self._answer(arguments, execution, step)
        return await waiting(work, self.function, execution, step, limit=arguments.get("timeout"))

    async def _answer(self, arguments: Mapping[str, object], execution: Execution, step: Step) -> object:
        asked = {name: value for name, value in arguments.items() if name != "timeout"}
        opened = await execution.effects.invitations.invite(self.function.name, asked, key=step.key)
        # Whoever reads the task log of the waiting execution finds the URL there.
        step.entry.input = execution.log.shorten(opened)
        if self.tasks is not None:
            # The URL is another one than that of an execution that this one retries: it is told anew.
            frame = replace(execution.open_block(step.frame.knowing({VARIABLE: opened})), anew=True)
            await execution.run_list(self.tasks, step.input, frame)
        return await execution.effects.receive(step.key)


def check_callback(checker: "Checker", arguments: Mapping[str, object], pointer: str, scope: "Scope") -> None:
    if "timeout" in arguments:
        checker.duration(arguments["timeout"], f"{pointer}/timeout", scope)
    if "do" in arguments:
        checker.task_list(arguments["do"], f"{pointer}/do", scope.knowing(VARIABLE))


def compile_callback(compiler: "Compiler", function: Function, definition: Mapping[str, object]) -> Body:
    arguments, pointer = part(definition, "with"), compiler.pointer
    values = {name: value for name, value in arguments.items() if name not in function.lists}
    tasks = compiler.task_list(arguments["do"], f"{pointer}/with/do") if "do" in arguments else None
    return CallbackBody(function, compiler.template(values), tasks)
