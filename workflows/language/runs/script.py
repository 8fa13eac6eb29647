"""`run: script`: code of JavaScript or Python, in the definition or at an address."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.endpoints import INLINE, check_resource
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.programs import PROCESS_FIELDS, check_allowed, check_process, check_source
from workflows.language.runs.program import compile_program
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

LANGUAGES = ("js", "javascript", "python")
_FIELDS = ("language", "code", "source", *PROCESS_FIELDS)


class ScriptRun:
    """The kind `script`."""

    key = "script"

    def check(self, checker: "Checker", run: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/script"
        check_allowed(checker, "script", at)
        script = checker.fields(run["script"], at, _FIELDS, required=("language",), what="script")
        if script is None:
            return
        check_process(checker, script, at, scope)
        language = script.get("language", "js")
        if not isinstance(language, str) or unwrap(language) is None:
            checker.one_of(language, f"{at}/language", LANGUAGES)
        else:
            checker.template(language, f"{at}/language", scope)
        if ("code" in script) == ("source" in script):
            message = "a script has either code or source"
            checker.error(at, IssueCode.INVALID_VALUE, message, 'write "code": "console.log(1)"')
        if "code" in script:
            check_source(checker, script["code"], f"{at}/code", scope.late())
        if "source" in script:
            check_resource(checker, script["source"], f"{at}/source", scope, schemes=INLINE)

    def compile(self, compiler: "Compiler", run: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        return compile_program(compiler, "script", run, endpoints=(("source", "endpoint"),))
