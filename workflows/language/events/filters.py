"""Filters of events: what each attribute must be, and what ties the events of one listener together. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs]

from workflows.language.evaluation import truthy
from workflows.language.expressions import ExpressionError, Fuel
from workflows.language.problems import Kind, LimitExceeded, WorkflowFault
from workflows.language.shapes import as_map, as_text, part
from workflows.language.templates import Template, from_expression, from_template, unwrap

_ABOUT_RUNS = ("io.serverlessworkflow.", "workflow.", "workflow_execution.")

_STEPS_ALONE = 2_000
_LONGEST_PATTERN = 4096
_LARGEST_PROGRAM = 2000
# A dot alone makes no regular expression of a text: every type has dots.
_METACHARACTERS = re.compile(r"[\\*+?^$|()\[\]{}]")

# Evaluates a template with this dot; raises `WorkflowFault`.
Evaluate = Callable[[Template, object], object]

Correlated = dict[str, object]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What one attribute must be: equal to a value, matched by a regular expression, or true of an expression."""

    name: str
    wanted: object
    condition: Template | None

    def takes(self, event: Mapping[str, object], evaluate: Evaluate) -> bool:
        value = event.get(self.name)
        if self.condition is not None:
            return truthy(_value(self.condition, value, evaluate))
        if same(value, self.wanted):
            return True
        return isinstance(value, str) and isinstance(self.wanted, str) and _is_match(self.wanted, value)

    @property
    def literal(self) -> str | None:
        """The only text that matches, when there is one."""
        return self.wanted if isinstance(self.wanted, str) and not is_pattern(self.wanted) else None


@dataclass(frozen=True, slots=True)
class Correlation:
    """One key: what of an event, and what that must be equal to; without `expect`, what the first event had."""

    key: str
    source: str
    by: Template
    expect: Template | None


@dataclass(frozen=True, slots=True)
class Filter:
    """One compiled filter."""

    attributes: tuple[Attribute, ...]
    correlations: tuple[Correlation, ...]

    @property
    def type(self) -> str | None:
        """The only type of event that it takes, when it names one."""
        return next((each.literal for each in self.attributes if each.name == "type"), None)

    def takes(
        self, event: Mapping[str, object], evaluate: Evaluate, expected: Mapping[str, object]
    ) -> Correlated | None:
        """What the event adds to the correlation keys, or None when the filter does not take it.

        A condition that fails on an event does not take it: what strangers send must not fault who listens.
        """
        if not all(attribute.takes(event, evaluate) for attribute in self.attributes):
            return None
        if is_about_runs(event) and all(attribute.name != "type" for attribute in self.attributes):
            return None
        found: Correlated = {}
        for correlation in self.correlations:
            value = _value(correlation.by, event, evaluate)
            if value is None or (correlation.key in expected and not same(value, expected[correlation.key])):
                return None
            found[correlation.key] = value
        return found

    def narrowed(self, expected: Mapping[str, object]) -> dict[str, object]:
        """What of it holds without the execution, as JSON: whoever delivers leaves out what cannot match.

        Args:
            expected: what the correlation keys are known to be.
        """
        return {
            "with": {each.name: each.wanted for each in self.attributes if not _depends(each.condition)},
            "correlate": {
                each.key: {"from": each.source, "equals": expected[each.key]}
                for each in self.correlations
                if each.key in expected and not _depends(each.by)
            },
        }


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A filter as it is kept for who delivers; see `Filter.narrowed`."""

    filter: Filter
    equals: Mapping[str, object]

    def takes(self, event: Mapping[str, object], evaluate: Evaluate) -> bool:
        return self.filter.takes(event, evaluate, self.equals) is not None


def compile_filter(definition: object) -> Filter:
    """Compile a filter of a valid document; raises `WorkflowFault` and `ExpressionError`."""
    parts = as_map(definition, "an event filter")
    return Filter(
        attributes=tuple(_attribute(name, wanted) for name, wanted in part(parts, "with").items()),
        correlations=tuple(
            _correlation(key, as_map(value, "a correlation")) for key, value in part(parts, "correlate").items()
        ),
    )


def read_narrowed(kept: Mapping[str, object]) -> Narrowed:
    """Read back what `narrowed` made. Values in it are data, whatever they look like."""
    compiled = compile_filter(kept)
    correlate = cast("Mapping[str, Mapping[str, object]]", part(kept, "correlate"))
    return Narrowed(compiled, {key: value.get("equals") for key, value in correlate.items()})


def evaluate_alone(template: Template, dot: object) -> object:
    """Evaluate where there is no execution: without variables, and for a short while."""
    try:
        return template.render(dot, {}, Fuel(_STEPS_ALONE))
    except ExpressionError as error:
        raise WorkflowFault.of(Kind.EXPRESSION, str(error)) from error


def is_about_runs(event: Mapping[str, object]) -> bool:
    """Whether the platform tells of an execution: whoever takes everything would hear of himself for ever.

    private.interested_types says the same.
    """
    return str(event.get("type")).startswith(_ABOUT_RUNS)


def same(left: object, right: object) -> bool:
    """Equal as JSON: a boolean is no number."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def is_pattern(text: str) -> bool:
    """Whether a text that is equal to nothing is tried as a regular expression."""
    return _METACHARACTERS.search(text) is not None


def _attribute(name: str, wanted: object) -> Attribute:
    is_condition = isinstance(wanted, str) and unwrap(wanted) is not None
    return Attribute(name, wanted, from_template(wanted) if is_condition else None)


def _correlation(key: str, definition: Mapping[str, object]) -> Correlation:
    source = as_text(definition.get("from"), "from")
    return Correlation(key, source, from_expression(source), _expectation(definition.get("expect")))


def _expectation(value: object) -> Template | None:
    """A constant, unless it is an expression with or without `${ }`."""
    if isinstance(value, str) and value.lstrip().startswith((".", "$")):
        return from_expression(value)
    return None if value is None else from_template(value)


def _depends(condition: Template | None) -> bool:
    return condition is not None and bool(condition.variables)


def _value(template: Template, dot: object, evaluate: Evaluate) -> object:
    try:
        return evaluate(template, dot)
    except LimitExceeded:
        raise
    except WorkflowFault:
        return None


class _Pattern(Protocol):
    programsize: int

    def fullmatch(self, text: str) -> object | None: ...


_FAILURES = cast("tuple[type[Exception], ...]", (re2.error, UnicodeEncodeError))  # pyright: ignore[reportUnknownMemberType]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> _Pattern | None:
    """The regular expression that a text is, if it is one of a size that cannot slow others."""
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = cast("_Pattern", re2.compile(pattern, options))  # pyright: ignore[reportUnknownMemberType]
    except _FAILURES:
        return None
    return compiled if compiled.programsize <= _LARGEST_PROGRAM else None


def _is_match(pattern: str, value: str) -> bool:
    if len(pattern) > _LONGEST_PATTERN or not is_pattern(pattern):
        return False
    compiled = _compiled(pattern)
    try:
        return compiled is not None and compiled.fullmatch(value) is not None
    except UnicodeEncodeError:
        return False
