"""Decides which definitions one owner's events start (`schedule.on`), and what is kept until there are enough. Pure."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from worker.event_decisions import Chain
from workflows.language.events.consumption import Consumption, expectations, read_consumption
from workflows.language.events.filters import evaluate_alone
from workflows.language.events.payloads import Read
from workflows.language.events.strategies import Strategy, compile_strategy
from workflows.language.expressions import ExpressionError
from workflows.language.problems import WorkflowFault
from workflows.language.schedules import compile_schedule

MOST_OPEN = 500  # consumptions of one definition that wait for more events

_Compiled = tuple[Strategy | None, Read, Mapping[str, object]]
_NONE: _Compiled = (None, "envelope", {})

log = logging.getLogger(__name__)


class Trigger(BaseModel):
    """A definition that events start."""

    model_config = ConfigDict(frozen=True)

    workflow_id: UUID
    version: int
    schedule: Any


class Kept(BaseModel):
    """What was kept of a definition's earlier events."""

    model_config = ConfigDict(frozen=True)

    id: int
    workflow_id: UUID
    state: Mapping[str, Any]
    hops: int
    origin: int | None = None


@dataclass(slots=True)
class _Open:
    """A consumption that is not satisfied yet; without an id it is new."""

    consumption: Consumption
    chain: Chain
    id: int | None = None
    changed: bool = False


class TriggerState:
    """One definition during one turn of the router: events are offered in order, then asked what has become of it.

    Attributes:
        starts: `{workflow_id, version, data, hops, origin}` of the executions to begin, in order.
        done: ids of what is no longer kept.
    """

    def __init__(self, trigger: Trigger, kept: Sequence[Kept]) -> None:
        self._trigger = trigger
        self._strategy, read, self._expected = _compiled(json.dumps(trigger.schedule))
        self._read: Read = read
        self.starts: list[dict[str, Any]] = []
        self.done: list[int] = []
        self._open: list[_Open] = []
        if self._strategy is not None:
            self._open = [
                _Open(read_consumption(self._strategy, self._read, each.state), Chain(each.hops, each.origin), each.id)
                for each in kept
            ]

    def offer(self, event: Mapping[str, Any], chain: Chain) -> None:
        """Let the first consumption that wants it have the event, or begin a new one with it."""
        if self._strategy is None:
            return
        for each in self._open:
            if self._feed(each, event, chain):
                return
        # Events that nothing ties together are collected once; those with correlation keys, once for each.
        if self._open and not self._strategy.is_correlated:
            return
        if len(self._open) >= MOST_OPEN:
            log.warning("a trigger keeps %d groups of events: an event is left out", MOST_OPEN, extra=self._about())
            return
        fresh = _Open(Consumption(self._strategy, self._read, dict(self._expected)), Chain(0, None))
        self._open.append(fresh)
        if not self._feed(fresh, event, chain):
            self._open.remove(fresh)

    def kept(self) -> list[dict[str, Any]]:
        """What is to be kept and was not kept so before."""
        return [
            {
                "id": each.id,
                "workflow_id": str(self._trigger.workflow_id),
                "version": self._trigger.version,
                "state": each.consumption.as_json(),
                **each.chain._asdict(),
            }
            for each in self._open
            if each.changed
        ]

    def _feed(self, each: _Open, event: Mapping[str, Any], chain: Chain) -> bool:
        """Whether the consumption has done something with the event."""
        before = each.consumption.seen
        try:
            if each.consumption.offer(event, evaluate_alone):
                each.consumption.conclude(evaluate_alone)
        except WorkflowFault as fault:
            log.warning("a trigger drops what it has consumed: %s", fault, extra=self._about())
            self._drop(each)
            return True
        if each.consumption.seen == before:
            return False
        each.changed = True
        # Of several chains that meet, the one that has come furthest may be without an end.
        if chain.hops > each.chain.hops or each.chain.origin is None:
            each.chain = Chain(max(chain.hops, each.chain.hops), chain.origin)
        if each.consumption.is_satisfied:
            self._drop(each)
            self.starts.append(
                {
                    "workflow_id": str(self._trigger.workflow_id),
                    "version": self._trigger.version,
                    "data": each.consumption.items,
                    **each.chain._asdict(),
                }
            )
        return True

    def _drop(self, each: _Open) -> None:
        self._open.remove(each)
        if each.id is not None:
            self.done.append(each.id)

    def _about(self) -> dict[str, str]:
        return {"workflow_id": str(self._trigger.workflow_id)}


def trigger_states(triggers: Sequence[Any], kept: Sequence[Any]) -> list[TriggerState]:
    """The definitions that a turn is about, as PostgreSQL has them, each with what is kept of it."""
    earlier = [Kept.model_validate(each) for each in kept]
    found = [Trigger.model_validate(each) for each in triggers]
    return [
        TriggerState(trigger, [each for each in earlier if each.workflow_id == trigger.workflow_id])
        for trigger in found
    ]


@lru_cache(maxsize=1024)
def _compiled(schedule: str) -> _Compiled:
    """The strategy, what it reads and what it expects; no strategy for a schedule that no execution could come from."""
    try:
        compiled = compile_schedule({"schedule": json.loads(schedule)})
        if compiled is None or compiled.on is None:
            return _NONE
        strategy = compile_strategy(compiled.on)
        return strategy, compiled.read, expectations(strategy, evaluate_alone, None)
    except (WorkflowFault, ExpressionError) as error:
        log.warning("a trigger cannot be read: %s", error)
        return _NONE
