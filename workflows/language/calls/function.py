"""Calls of the default catalogue's functions, of which those that change a row register their undo."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.language.execution import Execution
from workflows.language.functions import Function, find_function
from workflows.language.issues import IssueCode, suggestion
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault, normalise_type, type_of
from workflows.language.shapes import as_map, part
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class FunctionBody:
    """A compiled call of a catalogue function."""

    function: Function
    arguments: Template
    undoable: bool

    async def run(self, execution: Execution, step: Step) -> object:
        arguments = as_map(execution.evaluate(self.arguments, step.input, step), "with")
        faults = self.function.validator.faults_of(arguments)
        if faults is not None:
            detail = f"wrong arguments for {self.function.name}: {faults}"
            raise WorkflowFault.of(Kind.VALIDATION, detail, instance=f"{step.task.reference}/with")
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
        """Nobody knows whether the row was changed; its undo does nothing when it was not."""
        if undoable:
            execution.journal.register_effect(step)


class FunctionCall:
    """The kind `create-row`, `create-row:1.0.0@default`, and so on."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return find_function(name) is not None

    def check(
        self, checker: "Checker", name: str, definition: Mapping[str, object], pointer: str, scope: "Scope"
    ) -> None:
        function, at = find_function(name), f"{pointer}/with"
        if function is None:
            return
        arguments = part(definition, "with")
        for missing in (argument for argument in function.required if argument not in arguments):
            checker.error(at, IssueCode.MISSING_PROPERTY, f'required argument "{missing}" is missing')
        for argument, value in arguments.items():
            if argument not in function.arguments:
                near = suggestion(argument, function.arguments)
                hint = f'did you mean "{near}"?' if near else f"{name} takes {', '.join(function.arguments)}"
                message = f'unknown argument "{argument:.80}"'
                checker.error(checker.at(at, argument), IssueCode.UNKNOWN_PROPERTY, message, hint)
                continue
            checker.argument(value, function, argument, checker.at(at, argument), scope)

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:
        function = find_function(name)
        if function is None:
            raise WorkflowFault.of(Kind.CONFIGURATION, f"there is no function {name!r}")
        kept = part(definition, "metadata").get("rollback") == "none"
        return FunctionBody(
            function, compiler.template(definition.get("with", {})), undoable=function.undoable and not kept
        )
