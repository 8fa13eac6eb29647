"""Calls of the default catalogue's functions: checked against its schemas, compiled to who performs them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.approval import ApprovalBody, check_approval
from workflows.language.calls.callback import check_callback, compile_callback
from workflows.language.calls.effect import EffectBody
from workflows.language.calls.log import LogBody
from workflows.language.calls.parallel import check_parallel, compile_parallel
from workflows.language.calls.rollback import RollbackBody
from workflows.language.catalogue.function import Function, Performer
from workflows.language.functions import find_function
from workflows.language.issues import IssueCode, suggestion
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import part

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

Definition = Mapping[str, object]


class FunctionCall:
    """The kind `create-row`, `create-row:1.0.0@default`, and so on."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return find_function(name) is not None

    def check(self, checker: "Checker", name: str, definition: Definition, pointer: str, scope: "Scope") -> None:
        function, at = find_function(name), f"{pointer}/with"
        if function is None:
            return
        arguments = part(definition, "with")
        for missing in (argument for argument in function.required if argument not in arguments):
            checker.error(at, IssueCode.MISSING_PROPERTY, f'required argument "{missing}" is missing')
        if function.either and not any(argument in arguments for argument in function.either):
            message = f"one of the arguments {' and '.join(function.either)} is needed"
            checker.error(at, IssueCode.MISSING_PROPERTY, message)
        for argument, value in arguments.items():
            if argument not in function.arguments:
                near = suggestion(argument, function.arguments)
                hint = f'did you mean "{near}"?' if near else f"{name} takes {', '.join(function.arguments)}"
                message = f'unknown argument "{argument:.80}"'
                checker.error(checker.at(at, argument), IssueCode.UNKNOWN_PROPERTY, message, hint)
            elif argument not in function.lists:
                checker.argument(value, function, argument, checker.at(at, argument), scope)
        further = _CHECKS.get(function.performer)
        if further is not None:
            further(checker, arguments, at, scope)

    def compile(self, compiler: "Compiler", name: str, definition: Definition) -> Body:
        function = find_function(name, compiler.pins)
        if function is None:
            raise WorkflowFault.of(Kind.CONFIGURATION, f"there is no function {name!r}")
        return _BODIES[function.performer](compiler, function, definition)


def _compile_effect(compiler: "Compiler", function: Function, definition: Definition) -> Body:
    kept = part(definition, "metadata").get("rollback") == "none"
    return EffectBody(function, compiler.template(definition.get("with", {})), undoable=function.undoable and not kept)


def _compile_approval(compiler: "Compiler", function: Function, definition: Definition) -> Body:
    return ApprovalBody(function, compiler.template(definition.get("with", {})))


def _compile_rollback(compiler: "Compiler", function: Function, definition: Definition) -> Body:
    return RollbackBody(function, compiler.template(definition.get("with", {})))


def _compile_log(compiler: "Compiler", function: Function, definition: Definition) -> Body:
    return LogBody(function, compiler.template(definition.get("with", {})))


_BODIES: Mapping[Performer, Callable[["Compiler", Function, Definition], Body]] = {
    Performer.ROWS: _compile_effect,
    Performer.MAIL: _compile_effect,
    Performer.OBJECTS: _compile_effect,
    Performer.MODEL: _compile_effect,
    Performer.TUTORIAL: _compile_effect,
    Performer.VIDEO: _compile_effect,
    Performer.GATEWAY: _compile_effect,
    Performer.APPROVAL: _compile_approval,
    Performer.CALLBACK: compile_callback,
    Performer.LOG: _compile_log,
    Performer.ROLLBACK: _compile_rollback,
    Performer.PARALLEL: compile_parallel,
}

_CHECKS: Mapping[Performer, Callable[["Checker", Definition, str, "Scope"], None]] = {
    Performer.APPROVAL: check_approval,
    Performer.CALLBACK: check_callback,
    Performer.PARALLEL: check_parallel,
}
