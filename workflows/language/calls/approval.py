"""`call: request-approval`: a question to people, and the decision of the first who answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workflows.language.calls.arguments import arguments_of
from workflows.language.calls.waiting import waiting
from workflows.language.catalogue.function import Function
from workflows.language.execution import Execution
from workflows.language.issues import IssueCode
from workflows.language.problems import Problem, WorkflowFault
from workflows.language.schemas import SchemaError, compile_schema
from workflows.language.steps import Step
from workflows.language.templates import Template, expressions_in, unwrap

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

REJECTED = "https://zilliance.dev/errors/rejected"

_NOT_ASKED = ("timeout", "onReject")


@dataclass(frozen=True, slots=True)
class ApprovalBody:
    """A compiled `request-approval`."""

    function: Function
    arguments: Template

    async def run(self, execution: Execution, step: Step) -> object:
        arguments = arguments_of(self.function, self.arguments, execution, step)
        await execution.enter()
        work = self._decision(arguments, execution, step)
        decision = await waiting(work, self.function, execution, step, limit=arguments.get("timeout"))
        if arguments.get("onReject") == "raise":
            _raise_rejection(decision, step)
        return decision

    async def _decision(self, arguments: Mapping[str, object], execution: Execution, step: Step) -> object:
        asked = {name: value for name, value in arguments.items() if name not in _NOT_ASKED}
        await execution.effects.invitations.invite(self.function.name, asked, key=step.key)
        return await execution.effects.receive(step.key)


def _raise_rejection(decision: object, step: Step) -> None:
    told = cast("Mapping[str, object]", decision if isinstance(decision, Mapping) else {})
    if told.get("decision") == "rejected":
        comment = told.get("comment")
        detail = comment if isinstance(comment, str) and comment else "the request was rejected"
        raise WorkflowFault(Problem(REJECTED, 403, title="Rejected", detail=detail, instance=step.task.reference))


def check_approval(checker: "Checker", arguments: Mapping[str, object], pointer: str, scope: "Scope") -> None:
    if "timeout" in arguments:
        checker.duration(arguments["timeout"], f"{pointer}/timeout", scope)
    form = arguments.get("form")
    if not isinstance(form, Mapping) or _computed(cast("object", form)):
        return
    try:
        compile_schema(cast("object", form))
    except SchemaError as error:
        checker.error(f"{pointer}/form", IssueCode.INVALID_SCHEMA, str(error))


def _computed(value: object) -> bool:
    return any(unwrap(text) is not None for _, text in expressions_in(value))
