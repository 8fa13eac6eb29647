"""`call`: hands over to the kind of call that its name is of."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.a2a import AgentCallType
from workflows.language.calls.asyncapi import AsyncApiCallType
from workflows.language.calls.function import FunctionCall
from workflows.language.calls.grpc import GrpcCallType
from workflows.language.calls.http import HttpCallType
from workflows.language.calls.mcp import McpCallType
from workflows.language.calls.openapi import OpenApiCallType
from workflows.language.calls.remote import RemoteFunctionCall
from workflows.language.calls.types import STANDARD_CALLS, CallType
from workflows.language.calls.used import UsedFunctionCall
from workflows.language.functions import FUNCTIONS
from workflows.language.issues import IssueCode, suggestion
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_text, part

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

CALL_TYPES: tuple[CallType, ...] = (
    UsedFunctionCall(),
    HttpCallType(),
    OpenApiCallType(),
    GrpcCallType(),
    AsyncApiCallType(),
    AgentCallType(),
    McpCallType(),
    FunctionCall(),
    RemoteFunctionCall(),
)


class CallTask:
    """The type `call`."""

    key = "call"
    fields = ("call", "with")

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        name, at = definition["call"], f"{pointer}/call"
        if not isinstance(name, str):
            checker.error(at, IssueCode.WRONG_TYPE, "call must be the name of a function")
            return
        arguments = definition.get("with", {})
        if not isinstance(arguments, Mapping):
            checker.error(f"{pointer}/with", IssueCode.WRONG_TYPE, "with must be an object of arguments")
            return
        kind = _kind_of(name, dict.fromkeys(checker.names("functions")))
        if kind is None:
            _report_unknown(checker, name, at)
            return
        kind.check(checker, name, definition, pointer, scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        name = as_text(definition["call"], "call")
        kind = _kind_of(name, part(compiler.uses, "functions"))
        if kind is None:
            raise WorkflowFault.of(Kind.CONFIGURATION, f"there is no function {name!r}", instance=pointer)
        return kind.compile(compiler, name, definition)


def _kind_of(name: str, functions: Mapping[str, object]) -> CallType | None:
    return next((kind for kind in CALL_TYPES if kind.names(name, functions)), None)


def _report_unknown(checker: "Checker", name: str, pointer: str) -> None:
    known = [*STANDARD_CALLS, *FUNCTIONS, *checker.names("functions")]
    bare = name.partition(":")[0]
    if bare in FUNCTIONS:
        hint = f'write "{bare}" or "{bare}:{FUNCTIONS[bare].version}@default"'
    else:
        near = suggestion(bare, known)
        hint = f'did you mean "{near}"?' if near else f"known functions: {', '.join(sorted(known))}"
    checker.error(pointer, IssueCode.UNKNOWN_FUNCTION, f'unknown function "{name:.80}"', hint)
