"""`switch`: the first case that matches says where to go on; the data passes unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.language.evaluation import truthy
from workflows.language.execution import Execution
from workflows.language.issues import IssueCode, escape
from workflows.language.nodes import CONTINUE, Body
from workflows.language.shapes import as_list, as_map, as_text, single
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class SwitchBody:
    """A compiled `switch`: its cases in order, and the directive of the case without a condition."""

    cases: tuple[tuple[Template, str], ...]
    default: str | None

    async def run(self, execution: Execution, step: Step) -> object:
        step.then = self.default
        for when, then in self.cases:
            if truthy(execution.evaluate(when, step.input, step)):
                step.then = then
                break
            await execution.rest()
        return step.input


class SwitchTask:
    """The type `switch`."""

    key = "switch"
    fields = ("switch",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/switch"
        defaults: list[str] = []
        for index, name, value in checker.entries(definition["switch"], at, "case"):
            place = f"{at}/{index}/{escape(name)}"
            case = checker.fields(value, place, ("when", "then"), required=("then",), what="case")
            if case is None:
                continue
            checker.directive(case.get("then", CONTINUE), f"{place}/then", scope)
            if "when" in case:
                checker.expression(case["when"], f"{place}/when", scope)
            else:
                defaults.append(name)
        if len(defaults) > 1:
            message = f"only one case may have no when, but these have none: {', '.join(defaults)}"
            checker.error(at, IssueCode.INVALID_VALUE, message, "give all but one of them a when")

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        entries = [single(entry, "case")[1] for entry in as_list(definition["switch"], "switch")]
        cases = [as_map(entry, "case") for entry in entries]
        thens = [as_text(case.get("then", CONTINUE), "then") for case in cases]
        whens = [compiler.expression(case.get("when")) for case in cases]
        matched = [(when, then) for when, then in zip(whens, thens, strict=True) if when is not None]
        defaults = [then for when, then in zip(whens, thens, strict=True) if when is None]
        return SwitchBody(tuple(matched), defaults[0] if defaults else None)
