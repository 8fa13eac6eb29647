"""A duration position of a definition: read once when it is constant, at each use when it is computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workflows.language.durations import DurationError, Length, parse_duration, seconds_of
from workflows.language.expressions import Fuel
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.templates import Template, from_template


@dataclass(frozen=True, slots=True)
class Timing:
    """A compiled duration."""

    template: Template
    constant: Length | None

    def seconds(self, dot: object, variables: Mapping[str, object], fuel: Fuel, now: datetime) -> float:
        """The length in seconds from `now` on; raises `WorkflowFault` and `ExpressionError`."""
        try:
            if self.constant is not None:
                return seconds_of(self.constant, now)
            value = self.template.render(dot, variables, fuel, now.timestamp())
            return seconds_of(parse_duration(value), now)
        except DurationError as error:
            raise WorkflowFault.of(Kind.EXPRESSION, str(error)) from error


def compile_timing(value: object) -> Timing:
    """Compile a duration; raises `DurationError` for a constant that is none, and `ExpressionError`."""
    template = from_template(value)
    return Timing(template, parse_duration(value) if template.constant else None)
