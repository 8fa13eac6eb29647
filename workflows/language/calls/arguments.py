"""The arguments of a catalogue function as one run of its task has them: evaluated, and held to the schema."""

from collections.abc import Mapping

from workflows.language.catalogue.function import Function
from workflows.language.execution import Execution
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map
from workflows.language.steps import Step
from workflows.language.templates import Template


def arguments_of(function: Function, template: Template, execution: Execution, step: Step) -> Mapping[str, object]:
    """The `with` map; raises a validation fault that says what is wrong with it."""
    arguments = as_map(execution.evaluate(template, step.input, step), "with")
    faults = function.validator.faults_of(arguments)
    if faults is not None:
        detail = f"wrong arguments for {function.name}: {faults}"
        raise WorkflowFault.of(Kind.VALIDATION, detail, instance=f"{step.task.reference}/with")
    return arguments
