"""Strategies: which events a `listen` or a `schedule.on` waits for, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.language.events.filters import Filter, compile_filter
from workflows.language.shapes import as_list, as_map
from workflows.language.templates import Template, from_expression


@dataclass(frozen=True, slots=True)
class Strategy:
    """One of three ways to consume.

    Attributes:
        is_all: every filter takes one event of its own; otherwise an event may match any of them.
        filters: none takes every event.
        until: goes on consuming until this is true of what was consumed, or until this other strategy is satisfied.
    """

    is_all: bool
    filters: tuple[Filter, ...]
    until: "Template | Strategy | None" = None

    @property
    def is_single(self) -> bool:
        """Whether one event satisfies it, so that nothing need be remembered."""
        return self.until is None and (not self.is_all or len(self.filters) == 1)

    @property
    def is_correlated(self) -> bool:
        return any(each.correlations for each in self.all_filters)

    @property
    def all_filters(self) -> tuple[Filter, ...]:
        """Its own filters and those of its `until`; empty: it listens to everything."""
        inner = self.until.all_filters if isinstance(self.until, Strategy) else ()
        return (*self.filters, *inner)

    def narrowed(self, expected: Mapping[str, object]) -> list[dict[str, object]]:
        """What whoever delivers needs to know: one filter that is enough, or all of them; see `Filter.narrowed`."""
        if self.is_open:
            return [{"with": {}}]
        return [each.narrowed(expected) for each in self.all_filters]

    @property
    def is_open(self) -> bool:
        """Whether it takes every event."""
        return not self.filters or (isinstance(self.until, Strategy) and self.until.is_open)


def compile_strategy(definition: object) -> Strategy:
    """Compile a strategy of a valid document; raises `WorkflowFault` and `ExpressionError`."""
    parts = as_map(definition, "the strategy")
    if "one" in parts:
        return Strategy(is_all=False, filters=(compile_filter(parts["one"]),))
    if "all" in parts:
        return Strategy(is_all=True, filters=_filters(parts["all"]))
    return Strategy(is_all=False, filters=_filters(parts.get("any")), until=_until(parts))


def _filters(value: object) -> tuple[Filter, ...]:
    return tuple(compile_filter(each) for each in as_list(value, "the strategy"))


def _until(parts: Mapping[str, object]) -> Template | Strategy | None:
    until = parts.get("until")
    if isinstance(until, str):
        return from_expression(until)
    return None if until is None else compile_strategy(until)
