"""`call: log`: a line in the execution's task log."""

from dataclasses import dataclass

from workflows.language.calls.arguments import arguments_of
from workflows.language.catalogue.function import Function
from workflows.language.execution import Execution
from workflows.language.steps import Step
from workflows.language.templates import Template


@dataclass(frozen=True, slots=True)
class LogBody:
    """A compiled `log`. The line is what its entry of the task log says it was given; the data passes unchanged."""

    function: Function
    arguments: Template

    async def run(self, execution: Execution, step: Step) -> object:
        arguments = arguments_of(self.function, self.arguments, execution, step)
        line = {"level": arguments.get("level", "info"), "message": arguments["message"]}
        step.entry.input = execution.log.shorten(line)
        return step.input
