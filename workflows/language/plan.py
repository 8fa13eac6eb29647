"""A whole document compiled: made once for each version of a definition, shared by all of its executions."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.language.compiler import Compiler
from workflows.language.durations import DurationError
from workflows.language.expressions import ExpressionError
from workflows.language.issues import escape
from workflows.language.nodes import Task, TaskList, Transform
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.schemas import SchemaError
from workflows.language.shapes import part
from workflows.language.tasks.registry import TASK_TYPES
from workflows.language.timing import Timing


@dataclass(frozen=True, slots=True)
class Plan:
    """A workflow, ready to run."""

    tasks: TaskList
    input: Transform
    output: Transform
    timeout: Timing | None
    functions: Mapping[str, Task]
    rollback_on_cancel: bool


def compile_plan(document: Mapping[str, object]) -> Plan:
    """Compile a document that `validate` has passed; raises `WorkflowFault` of kind configuration for any other."""
    compiler = Compiler(document, TASK_TYPES)
    try:
        return Plan(
            tasks=compiler.task_list(document.get("do"), "/do"),
            input=compiler.transform(document.get("input"), "from"),
            output=compiler.transform(document.get("output"), "as"),
            timeout=compiler.timeout(document.get("timeout")),
            functions={
                name: compiler.task(name, function, f"/use/functions/{escape(name)}")
                for name, function in part(compiler.uses, "functions").items()
            },
            rollback_on_cancel=part(part(document, "document"), "metadata").get("rollbackOnCancel") is not False,
        )
    except (ExpressionError, DurationError, SchemaError) as error:
        raise WorkflowFault.of(Kind.CONFIGURATION, str(error), instance="/") from error
