"""What script, shell and container share: a program whose activity is named after them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.language.calls.service import ServiceBody, compile_service, simply
from workflows.language.execution import Execution
from workflows.language.nodes import Body
from workflows.language.runs.types import waits
from workflows.language.shapes import as_map
from workflows.language.steps import Step

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler


@dataclass(frozen=True, slots=True)
class ProgramBody:
    """A compiled program: `waits` for its end, or goes on when it has started."""

    service: ServiceBody
    waits: bool

    async def run(self, execution: Execution, step: Step) -> object:
        output = await self.service.run(execution, step)
        return output if self.waits else step.input


def compile_program(
    compiler: "Compiler", kind: str, run: Mapping[str, object], *, endpoints: tuple[tuple[str, ...], ...] = ()
) -> Body:
    """Compile a program whose activity is `call.{kind}`; `endpoints` are paths within `run[kind]`."""
    arguments = {**as_map(run.get(kind), kind), "await": waits(run), "return": run.get("return", "stdout")}
    return ProgramBody(
        compile_service(compiler, kind, arguments, inspect=simply(f"run {kind}"), endpoints=endpoints), waits(run)
    )
