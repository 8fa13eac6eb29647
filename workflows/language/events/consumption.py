"""What one listener has consumed so far: events in order, each once, until its strategy is satisfied. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from workflows.language.evaluation import truthy
from workflows.language.events.filters import Correlated, Evaluate, is_about_runs
from workflows.language.events.payloads import Read, read_event
from workflows.language.events.strategies import Strategy
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_list, as_map
from workflows.language.sizes import size_of
from workflows.language.templates import Template

MOST_EVENTS = 10_000
MOST_BYTES = 1024 * 1024

Event = Mapping[str, object]


@dataclass(slots=True)
class Progress:
    """How far one strategy has come: which filters of an `all` have their event, and whether it is satisfied."""

    taken: list[int] = field(default_factory=list[int])
    satisfied: bool = False


@dataclass(slots=True)
class Consumption:
    """The state of one listener.

    Attributes:
        expected: the correlation keys that are known, at first those that the listener itself expects.
        items: what was consumed, as the listener reads it.
    """

    strategy: Strategy
    read: Read
    expected: Correlated = field(default_factory=Correlated)
    items: list[object] = field(default_factory=list[object])
    _own: Progress = field(default_factory=Progress)
    _until: Progress = field(default_factory=Progress)
    _seen: set[str] = field(default_factory=set[str])
    _size: int = 0

    @property
    def is_satisfied(self) -> bool:
        return self._own.satisfied

    @property
    def seen(self) -> int:
        """How many events it has had a use for, those of its `until` included."""
        return len(self._seen)

    def offer(self, event: Event, evaluate: Evaluate) -> bool:
        """Take the event, or leave it: one that does not match, that came before, or that comes too late.

        What an `until` of expressions says is asked afterwards, by `conclude`. Raises `WorkflowFault` when it holds
        too much.
        """
        identity = f"{event.get('source')} {event.get('id')}"
        if self.is_satisfied or identity in self._seen:
            return False
        until = self.strategy.until
        if isinstance(until, Strategy) and self._advance(until, self._until, event, evaluate):
            self._seen.add(identity)
            self._own.satisfied = self._until.satisfied
            return False
        if not self._advance(self.strategy, self._own, event, evaluate):
            return False
        self._seen.add(identity)
        self._keep(read_event(event, self.read))
        if until is not None:
            self._own.satisfied = False
        return True

    def conclude(self, evaluate: Evaluate) -> None:
        """After an event was consumed and dealt with, ask the `until` that is an expression."""
        if isinstance(self.strategy.until, Template):
            self._own.satisfied = truthy(evaluate(self.strategy.until, list(self.items)))

    def as_json(self) -> dict[str, object]:
        """All of it but the strategy, to go on with later."""
        return {
            "expected": self.expected,
            "items": self.items,
            "taken": self._own.taken,
            "until": self._until.taken,
            "seen": sorted(self._seen),
        }

    def _advance(self, strategy: Strategy, progress: Progress, event: Event, evaluate: Evaluate) -> bool:
        """Whether the strategy takes the event; its correlation keys are then known."""
        if not strategy.filters:
            if is_about_runs(event):
                return False
            progress.satisfied = True
            return True
        for index, each in enumerate(strategy.filters):
            if strategy.is_all and index in progress.taken:
                continue
            found = each.takes(event, evaluate, self.expected)
            if found is not None:
                self.expected.update(found)
                if strategy.is_all:
                    progress.taken.append(index)
                progress.satisfied = not strategy.is_all or len(progress.taken) == len(strategy.filters)
                return True
        return False

    def _keep(self, item: object) -> None:
        self._size += size_of(item, MOST_BYTES)
        self.items.append(item)
        if len(self.items) > MOST_EVENTS or self._size > MOST_BYTES:
            most = f"{MOST_EVENTS:,} events or {MOST_BYTES // 1024} KiB of them"
            raise WorkflowFault.of(Kind.RUNTIME, f"it has consumed more than {most}: give it an until that ends it")


def read_consumption(strategy: Strategy, read: Read, kept: Mapping[str, object]) -> Consumption:
    """Read back what `as_json` wrote."""
    items = as_list(kept.get("items"), "items")
    return Consumption(
        strategy,
        read,
        expected=dict(as_map(kept.get("expected"), "expected")),
        items=items,
        _own=Progress(_indexes(kept.get("taken"))),
        _until=Progress(_indexes(kept.get("until"))),
        _seen={str(each) for each in as_list(kept.get("seen"), "seen")},
        _size=size_of(items, MOST_BYTES),
    )


def expectations(strategy: Strategy, evaluate: Evaluate, dot: object) -> Correlated:
    """What the correlation keys with an `expect` must be, evaluated once. Raises `WorkflowFault`."""
    return {
        correlation.key: evaluate(correlation.expect, dot)
        for each in strategy.all_filters
        for correlation in each.correlations
        if correlation.expect is not None
    }


def _indexes(value: object) -> list[int]:
    return cast("list[int]", as_list(value, "indexes"))
