"""What programs are given, wherever a document names one: the checks of it, and the operator's leave to run it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from workflows.language.issues import IssueCode
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

SETTING = "ZILLIANCE_WORKFLOW__RUN_ALLOW"
PROCESS_FIELDS = ("stdin", "arguments", "environment")


def check_allowed(checker: "Checker", kind: str, pointer: str) -> None:
    """Programs are run only where the operator allows their kind."""
    if kind not in checker.allowed_runs:
        message = f"{kind} is not enabled on this server"
        hint = f"its operator can enable it: {SETTING} is a list with commas, such as {kind}"
        checker.error(pointer, IssueCode.NOT_AVAILABLE, message, hint)


def check_process(checker: "Checker", program: Mapping[str, object], pointer: str, scope: "Scope") -> None:
    """What every program is given: `stdin`, `arguments` and `environment`."""
    if "stdin" in program:
        check_source(checker, program["stdin"], f"{pointer}/stdin", scope.late())
    if "environment" in program:
        checker.members(program["environment"], f"{pointer}/environment", scope.late())
    if "arguments" in program:
        check_arguments(checker, program["arguments"], f"{pointer}/arguments", scope.late())


def check_arguments(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    """A list of texts, or an expression that yields one."""
    if isinstance(value, str) and unwrap(value) is not None:
        checker.template(value, pointer, scope)
        return
    if not isinstance(value, list):
        hint = 'write them in order, as on a command line: ["--name", "${ .name }"]'
        checker.error(pointer, IssueCode.WRONG_TYPE, "arguments must be a list of texts", hint)
        return
    for index, argument in enumerate(cast("list[object]", value)):
        check_source(checker, argument, f"{pointer}/{index}", scope)


def check_source(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    """Text of another language, in which `${ }` amid other text means something else, or one expression."""
    if not isinstance(value, str):
        checker.text(value, pointer)
    elif unwrap(value) is not None:
        checker.template(value, pointer, scope)
