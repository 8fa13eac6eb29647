"""`run: workflow`: another definition of the same owner, as an execution of its own."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from workflows.language.concurrency import shielded
from workflows.language.effects import SubWorkflow
from workflows.language.execution import Execution
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.runs.types import waits
from workflows.language.shapes import part
from workflows.language.steps import Step
from workflows.language.templates import Template, unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

LATEST = "latest"
_FIELDS = ("namespace", "name", "version", "input")
_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_VERSION = re.compile(r"latest|\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class WorkflowBody:
    """A compiled `run: workflow`. With `waits` its output is that of the sub-workflow, and its rollback as well."""

    wanted: Template
    input: Template | None
    waits: bool

    async def run(self, execution: Execution, step: Step) -> object:
        wanted = self._wanted(execution, step)
        await execution.enter()
        workflows = execution.effects.sub_workflows
        # From its row to its start nothing may come between: else a row would be left that nobody starts.
        execution_id, cancelled = await shielded(workflows.start(wanted, key=step.key))
        if not self.waits:
            if cancelled:
                raise asyncio.CancelledError
            return step.input
        try:
            output, cancelled = await workflows.result(execution_id, cancelled=cancelled)
        except WorkflowFault as fault:
            raise WorkflowFault(replace(fault.problem, instance=step.task.reference)) from fault
        if not step.frame.compensating:
            execution.journal.register_effect(step, execution_id=execution_id)
        if cancelled:
            raise asyncio.CancelledError
        return output

    def _wanted(self, execution: Execution, step: Step) -> SubWorkflow:
        wanted = cast("Mapping[str, object]", execution.evaluate(self.wanted, step.input, step))
        texts = {
            name: wanted.get(name, LATEST if name == "version" else None) for name in ("namespace", "name", "version")
        }
        for name, text in texts.items():
            pattern = _VERSION if name == "version" else _NAME
            if not isinstance(text, str) or pattern.fullmatch(text) is None:
                detail = f"run.workflow.{name} cannot be {text!r:.80}"
                raise WorkflowFault.of(Kind.EXPRESSION, detail, instance=step.task.reference)
        data = step.input if self.input is None else execution.evaluate(self.input, step.input, step)
        return SubWorkflow(**cast("dict[str, str]", texts), input=data, waits=self.waits)


class WorkflowRun:
    """The kind `workflow`."""

    key = "workflow"

    def check(self, checker: "Checker", run: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/workflow"
        wanted = checker.fields(run["workflow"], at, _FIELDS, required=("namespace", "name"), what="workflow")
        if wanted is None:
            return
        for name, pattern, hint in (
            ("namespace", _NAME, "use up to 63 letters, digits and -"),
            ("name", _NAME, "use up to 63 letters, digits and -"),
            ("version", _VERSION, "write a semantic version such as 1.0.0, or latest"),
        ):
            value = wanted.get(name, "latest" if name == "version" else "x")
            if isinstance(value, str) and unwrap(value) is not None:
                checker.template(value, f"{at}/{name}", scope)
            elif not isinstance(value, str) or pattern.fullmatch(value) is None:
                message = f"this is no {name} of a workflow"
                checker.error(f"{at}/{name}", IssueCode.INVALID_VALUE, message, hint)
        checker.template(wanted.get("input"), f"{at}/input", scope)

    def compile(self, compiler: "Compiler", run: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        wanted = part(run, "workflow")
        named = {name: value for name, value in wanted.items() if name != "input"}
        data = compiler.template(wanted["input"]) if "input" in wanted else None
        return WorkflowBody(compiler.template(named), data, waits(run))
