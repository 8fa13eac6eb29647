"""`call`: hands over to the kind of call that its name is of."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.function import FunctionCall
from workflows.language.calls.http import HttpCallType
from workflows.language.calls.types import CallType
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

CALL_TYPES: tuple[CallType, ...] = (UsedFunctionCall(), HttpCallType(), FunctionCall())

# The standard's own calls that this server does not make yet.
LATER = ("openapi", "grpc", "asyncapi", "a2a", "mcp")


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
        kind = _kind_of(name, checker.uses)
        if kind is None:
            _report_unknown(checker, name, at)
            return
        kind.check(checker, name, definition, pointer, scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        name = as_text(definition["call"], "call")
        kind = _kind_of(name, compiler.uses)
        if kind is None:
            raise WorkflowFault.of(Kind.CONFIGURATION, f"there is no function {name!r}", instance=pointer)
        return kind.compile(compiler, name, definition)


def _kind_of(name: str, uses: Mapping[str, object]) -> CallType | None:
    functions = part(uses, "functions")
    return next((kind for kind in CALL_TYPES if kind.names(name, functions)), None)


def _report_unknown(checker: "Checker", name: str, pointer: str) -> None:
    if name in LATER or "://" in name:
        what = "functions by URL are" if "://" in name else f"call {name} is"
        checker.error(pointer, IssueCode.NOT_AVAILABLE, f"{what} not available yet", "use call http or a function")
        return
    known = ["http", *FUNCTIONS, *checker.names("functions")]
    bare = name.partition(":")[0]
    if bare in FUNCTIONS:
        hint = f'write "{bare}" or "{bare}:{FUNCTIONS[bare].version}@default"'
    else:
        near = suggestion(bare, known)
        hint = f'did you mean "{near}"?' if near else f"known functions: {', '.join(sorted(known))}"
    checker.error(pointer, IssueCode.UNKNOWN_FUNCTION, f'unknown function "{name:.80}"', hint)
