"""`call: openapi`: one operation of a service, as its OpenAPI document describes it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.endpoints import check_resource
from workflows.language.calls.http_request import OUTPUTS
from workflows.language.calls.policies import check_policy
from workflows.language.calls.service import Manner, compile_service, with_expressions
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import part

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

_FIELDS = ("document", "operationId", "parameters", "authentication", "output", "redirect")


class OpenApiCallType:
    """The kind `openapi`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return name == "openapi"

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        at = f"{pointer}/with"
        call = checker.fields(
            part(definition, "with"), at, _FIELDS, required=("document", "operationId"), what="openapi call"
        )
        if call is None:
            return
        if "document" in call:
            check_resource(checker, call["document"], f"{at}/document", scope)
        if "operationId" in call:
            checker.text(call["operationId"], f"{at}/operationId")
            checker.template(call["operationId"], f"{at}/operationId", scope)
        checker.members(call.get("parameters", {}), f"{at}/parameters", scope.late())
        if "authentication" in call:
            check_policy(checker, call["authentication"], f"{at}/authentication", scope)
        checker.one_of(call.get("output", "content"), f"{at}/output", OUTPUTS)
        checker.flag(call.get("redirect", False), f"{at}/redirect")

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:
        return compile_service(
            compiler,
            name,
            with_expressions(part(definition, "with"), "parameters"),
            inspect=_inspect,
            endpoints=[("document", "endpoint")],
            authentications=[("authentication",)],
        )


def _inspect(arguments: Mapping[str, object], complete: bool) -> Manner:
    operation = arguments.get("operationId")
    if not isinstance(operation, str):
        raise WorkflowFault.of(Kind.EXPRESSION, f"operationId must be text, not {operation!r:.80}")
    if complete and not isinstance(arguments.get("parameters", {}), Mapping | None):
        raise WorkflowFault.of(Kind.EXPRESSION, "parameters must be an object of names and values")
    return Manner(f"{operation} of {part(part(arguments, 'document'), 'endpoint').get('uri') or ''}")
