"""A function that does something outside the workflow, which registers its undo where it has one."""

import asyncio
from dataclasses import dataclass

from workflows.language.calls.arguments import arguments_of
from workflows.language.catalogue.function import Function
from workflows.language.execution import Execution
from workflows.language.problems import Kind, WorkflowFault, normalise_type, type_of
from workflows.language.steps import Step
from workflows.language.templates import Template


@dataclass(frozen=True, slots=True)
class EffectBody:
    """A compiled call of such a function."""

    function: Function
    arguments: Template
    undoable: bool

    async def run(self, execution: Execution, step: Step) -> object:
        arguments = arguments_of(self.function, self.arguments, execution, step)
        undoable = self.undoable and arguments.get("rollback") != "none" and not step.frame.compensating
        passed = {name: value for name, value in arguments.items() if name != "rollback"}
        await execution.enter()
        try:
            output = await execution.effects.call_function(
                self.function.name, passed, key=step.key, timeout=execution.time_left(step.frame)
            )
        except asyncio.CancelledError:
            self._interrupted(execution, step, undoable=undoable)
            raise
        except WorkflowFault as fault:
            timed_out = normalise_type(fault.problem.type) == type_of(Kind.TIMEOUT)
            self._interrupted(execution, step, undoable=undoable and timed_out)
            raise
        if undoable:
            execution.journal.register_effect(step)
        return output

    def _interrupted(self, execution: Execution, step: Step, *, undoable: bool) -> None:
        """Nobody knows whether it was done; its undo does nothing when it was not."""
        if undoable:
            execution.journal.register_effect(step)
