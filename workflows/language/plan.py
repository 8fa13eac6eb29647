"""A whole document compiled: made once for each version of a definition, shared by all of its executions."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.language.calls.resources import compile_resource
from workflows.language.compensation import RollbackRules
from workflows.language.compiler import Compiler
from workflows.language.durations import DurationError
from workflows.language.expressions import ExpressionError
from workflows.language.extensions import compile_extensions
from workflows.language.issues import escape
from workflows.language.nodes import Task, TaskList, Transform
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.schemas import SchemaError
from workflows.language.shapes import part
from workflows.language.tasks.registry import TASK_TYPES
from workflows.language.timing import Timing


@dataclass(frozen=True, slots=True)
class Plan:
    """A workflow, ready to run.

    Attributes:
        undoing: the tasks that say how they are undone, by their references.
    """

    tasks: TaskList
    input: Transform
    output: Transform
    timeout: Timing | None
    functions: Mapping[str, Task]
    rollback: RollbackRules
    undoing: Mapping[str, Task]


def compile_plan(document: Mapping[str, object]) -> Plan:
    """Compile a document that `validate` has passed; raises `WorkflowFault` of kind configuration for any other."""
    compiler = Compiler(document, TASK_TYPES, compile_resource)
    try:
        compiler.extensions = compile_extensions(compiler)
        return Plan(
            tasks=compiler.task_list(document.get("do"), "/do"),
            input=compiler.transform(document.get("input"), "from"),
            output=compiler.transform(document.get("output"), "as"),
            timeout=compiler.timeout(document.get("timeout")),
            functions={
                name: compiler.task(name, function, f"/use/functions/{escape(name)}")
                for name, function in part(compiler.uses, "functions").items()
            },
            rollback=_rollback(part(part(document, "document"), "metadata")),
            undoing=compiler.undoing,
        )
    except (ExpressionError, DurationError, SchemaError) as error:
        raise WorkflowFault.of(Kind.CONFIGURATION, str(error), instance="/") from error


def _rollback(metadata: Mapping[str, object]) -> RollbackRules:
    return RollbackRules(
        on_fault=metadata.get("rollback") != "none",
        on_cancel=metadata.get("rollbackOnCancel") is not False,
        stops=metadata.get("onCompensationError") == "stop",
    )


def compile_undoing(tasks: object, pointer: str) -> TaskList:
    """The list that undoes a task of a function that others publish, from its definition."""
    return Compiler({}, TASK_TYPES, compile_resource).task_list(tasks, pointer)
