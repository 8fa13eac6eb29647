"""`wait`: a durable pause; the data passes unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zilliance.enums import TaskStatus

from workflows.language.execution import Execution
from workflows.language.nodes import Body
from workflows.language.steps import Step
from workflows.language.timing import Timing, compile_timing

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class WaitBody:
    """A compiled `wait`."""

    duration: Timing

    async def run(self, execution: Execution, step: Step) -> object:
        seconds = execution.seconds(self.duration, step)
        step.entry.status = TaskStatus.WAITING
        await execution.pause(seconds)
        step.entry.status = TaskStatus.RUNNING
        return step.input


class WaitTask:
    """The type `wait`."""

    key = "wait"
    fields = ("wait",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        checker.duration(definition["wait"], f"{pointer}/wait", scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        return WaitBody(compile_timing(definition["wait"]))
