"""Decides who gets which of one owner's events: the filters of listeners, applied in order. Pure."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from workflows.language.events.filters import Narrowed, evaluate_alone, read_narrowed
from workflows.language.expressions import ExpressionError
from workflows.language.problems import WorkflowFault

MOST_HOPS = 8

log = logging.getLogger(__name__)


class Chain(NamedTuple):
    """Where in a chain something is: how many executions lie before it, and which event (its cursor) began it all."""

    hops: int
    origin: int | None


class _Taken(BaseModel):
    model_config = ConfigDict(frozen=True)


class TakenEvent(_Taken):
    """An event that waits; with `execution_id` it is for that execution alone."""

    cursor: int
    event: Mapping[str, Any]
    execution_id: UUID | None
    hops: int
    origin: int | None = None

    @property
    def root(self) -> int:
        """The event that began it all: itself, when it is from outside."""
        return self.origin or self.cursor


class Listener(_Taken):
    """One filter of a task that waits."""

    execution_id: UUID
    key: str
    filter: Mapping[str, Any]


class Decision(BaseModel):
    """What becomes of events, by their cursors.

    Attributes:
        held: those for an execution that does not listen to them yet.
        deliveries: `{execution_id, key, cursor}` each.
        stopped: why chains were ended, by the events that began them.
    """

    routed: list[int] = []
    held: list[int] = []
    deliveries: list[dict[str, Any]] = []
    stopped: dict[int, str] = {}


def may_go_on(taken: TakenEvent, decision: Decision, spent: Collection[int] = ()) -> bool:
    """False, and decided, for an event at the end of a chain of executions that would begin each other for ever.

    That is one that is too long, or whose origin has `spent` what it may cause.
    """
    if taken.hops > MOST_HOPS:
        why = f"more than {MOST_HOPS} executions began each other"
    elif taken.origin in spent:
        why = "it has caused as many events as one event may"
    else:
        return True
    about = {name: taken.event.get(name) for name in ("type", "id", "source")}
    log.warning("an event goes nowhere: %s", why, extra={"event": about})
    decision.routed.append(taken.cursor)
    decision.stopped[taken.root] = (
        f"{why}: look for workflows that cause each other's events, or ask the operator for more"
    )
    return False


def decide_deliveries(taken: TakenEvent, listeners: Sequence[Listener], decision: Decision) -> None:
    """Add to the decision which tasks this event goes to."""
    found = {
        (each.execution_id, each.key)
        for each in listeners
        if taken.execution_id in (None, each.execution_id) and _takes(each.filter, taken.event)
    }
    is_early = taken.execution_id is not None and not found
    (decision.held if is_early else decision.routed).append(taken.cursor)
    decision.deliveries += [
        {"execution_id": str(execution_id), "key": key, "cursor": taken.cursor}
        for execution_id, key in sorted(found, key=str)
    ]


def _takes(kept: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    narrowed = _compiled(json.dumps(kept))
    return narrowed is not None and narrowed.takes(event, evaluate_alone)


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Narrowed | None:
    """The filter, or None for one that a newer version of the platform wrote."""
    try:
        return read_narrowed(json.loads(text))
    except (WorkflowFault, ExpressionError) as error:
        log.warning("a filter of a listener cannot be read: %s", error)
        return None
