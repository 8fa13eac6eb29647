"""`set`: the output is the value given, with its expressions evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workflows.language.execution import Execution
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.steps import Step
from workflows.language.templates import Template, unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class SetBody:
    """A compiled `set`."""

    value: Template

    async def run(self, execution: Execution, step: Step) -> object:
        return execution.evaluate(self.value, step.input, step)


class SetTask:
    """The type `set`."""

    key = "set"
    fields = ("set",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        value, at = definition["set"], f"{pointer}/set"
        if isinstance(value, str) and (checker.loose or unwrap(value) is not None):
            checker.template(value, at, scope)
        elif not isinstance(value, Mapping) or not value:
            hint = 'write {"set": {"name": "value"}} or {"set": "${ .expression }"}'
            checker.error(
                at, IssueCode.WRONG_TYPE, "set must be an object with at least one key, or an expression", hint
            )
        else:
            checker.template(cast("object", value), at, scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        return SetBody(compiler.template(definition["set"]))
