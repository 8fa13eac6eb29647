"""Evaluates what a definition computes, on the execution's budget, and turns failures into problems of the language."""

from collections.abc import Mapping

from workflows.language.effects import Effects
from workflows.language.expressions import ExpressionError, Fuel
from workflows.language.meter import Meter
from workflows.language.nodes import Transform
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.templates import Template
from workflows.language.timing import Timing


class Evaluator:
    """Renders templates and durations with fuel from the meter."""

    def __init__(self, effects: Effects, meter: Meter) -> None:
        self.meter = meter
        self._effects = effects

    def render(self, template: Template, dot: object, variables: Mapping[str, object], instance: str) -> object:
        """The rendered value; raises `WorkflowFault` of kind expression at `instance`."""
        fuel = self.meter.fuel()
        try:
            return template.render(dot, variables, fuel, self._effects.now().timestamp())
        except ExpressionError as error:
            raise self._fault(error, fuel, instance) from error
        finally:
            self.meter.spend(fuel.spent)

    def seconds(self, timing: Timing, dot: object, variables: Mapping[str, object], instance: str) -> float:
        """The length of a duration from now on."""
        fuel = self.meter.fuel()
        try:
            return timing.seconds(dot, variables, fuel, self._effects.now())
        except ExpressionError as error:
            raise self._fault(error, fuel, instance) from error
        finally:
            self.meter.spend(fuel.spent)

    def transform(self, by: Transform, data: object, variables: Mapping[str, object], instance: str) -> object:
        """Apply an `output` or `export`: first its template, then its schema."""
        result = data if by.template is None else self.render(by.template, data, variables, instance)
        check(by, result, instance)
        return result

    def _fault(self, error: ExpressionError, fuel: Fuel, instance: str) -> WorkflowFault:
        """The expression's fault, unless it was the whole execution's budget that ended."""
        if not self.meter.covers(fuel.spent):
            return self.meter.exhausted()
        return WorkflowFault.of(Kind.EXPRESSION, f"{error} in {error.source!r:.200}", instance=instance)


def check(by: Transform, value: object, instance: str) -> None:
    """Validate against the schema of an `input`, `output` or `export`; raises `WorkflowFault` of kind validation."""
    if by.schema is None:
        return
    faults = by.schema.faults_of(value)
    if faults is not None:
        raise WorkflowFault.of(Kind.VALIDATION, f"the value does not match its schema: {faults}", instance=instance)


def truthy(value: object) -> bool:
    """As in jq: only false and null are not."""
    return value is not None and value is not False
