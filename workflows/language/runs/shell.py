"""`run: shell`: one command for `sh -c`, with arguments that it sees as `$1`, `$2` and so on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.nodes import Body
from workflows.language.programs import PROCESS_FIELDS, check_allowed, check_process, check_source
from workflows.language.runs.program import compile_program

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


class ShellRun:
    """The kind `shell`."""

    key = "shell"

    def check(self, checker: "Checker", run: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/shell"
        check_allowed(checker, "shell", at)
        shell = checker.fields(run["shell"], at, ("command", *PROCESS_FIELDS), required=("command",), what="shell")
        if shell is None:
            return
        check_process(checker, shell, at, scope)
        if "command" in shell:
            check_source(checker, shell["command"], f"{at}/command", scope.late())

    def compile(self, compiler: "Compiler", run: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        return compile_program(compiler, "shell", run)
