"""`call: rollback`: undo now what was done so far, and go on."""

import asyncio
from dataclasses import dataclass

from workflows.language.calls.arguments import arguments_of
from workflows.language.catalogue.function import Function
from workflows.language.compensation import roll_back
from workflows.language.concurrency import shielded
from workflows.language.execution import Execution
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.steps import Step
from workflows.language.templates import Template

ROLLED_BACK = "https://zilliance.dev/errors/rolled-back"


@dataclass(frozen=True, slots=True)
class RollbackBody:
    """A compiled `rollback`; its output says how each step went."""

    function: Function
    arguments: Template

    async def run(self, execution: Execution, step: Step) -> object:
        if step.frame.compensating:
            raise WorkflowFault.of(Kind.CONFIGURATION, "a compensation is part of a rollback and cannot begin another")
        arguments = arguments_of(self.function, self.arguments, execution, step)
        scopes = step.frame.scopes
        block = scopes[-1] if scopes and arguments.get("scope") == "block" else None
        reason = arguments.get("reason")
        cause = Problem(
            ROLLED_BACK,
            409,
            title="Rolled back",
            detail=reason if isinstance(reason, str) else None,
            instance=step.task.reference,
        )
        rollback, cancelled = await shielded(roll_back(execution, execution.journal.take(block), cause))
        if cancelled:
            raise asyncio.CancelledError
        return rollback
