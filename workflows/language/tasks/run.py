"""`run`: hands over to the kind of thing that is run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.runs.container import ContainerRun
from workflows.language.runs.script import ScriptRun
from workflows.language.runs.shell import ShellRun
from workflows.language.runs.types import RunKind
from workflows.language.runs.workflow import WorkflowRun
from workflows.language.shapes import as_map

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

RUN_KINDS: Mapping[str, RunKind] = {kind.key: kind for kind in (WorkflowRun(), ScriptRun(), ShellRun(), ContainerRun())}
RETURNS = ("stdout", "stderr", "code", "all", "none")


class RunTask:
    """The type `run`."""

    key = "run"
    fields = ("run",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/run"
        run = checker.fields(definition["run"], at, (*RUN_KINDS, "await", "return"), what="run")
        if run is None:
            return
        checker.flag(run.get("await", True), f"{at}/await")
        checker.one_of(run.get("return", "stdout"), f"{at}/return", RETURNS)
        kinds = [RUN_KINDS[name] for name in run if name in RUN_KINDS]
        if len(kinds) != 1:
            message = f"run has exactly one of {', '.join(RUN_KINDS)}, not {len(kinds)}"
            checker.error(at, IssueCode.INVALID_VALUE, message, "make a task of each")
            return
        kinds[0].check(checker, run, at, scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        run = as_map(definition["run"], "run")
        kind = next((kind for name, kind in RUN_KINDS.items() if name in run), None)
        if kind is None:
            raise WorkflowFault.of(Kind.CONFIGURATION, "the task runs nothing that can run here", instance=pointer)
        return kind.compile(compiler, run, f"{pointer}/run")
