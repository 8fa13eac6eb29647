"""Events that somebody else will publish in a simulation, read from JSON."""

from collections.abc import Mapping, Sequence
from typing import cast

from workflows.language.durations import DurationError, parse_duration, seconds_of
from workflows.language.simulation.clock import EPOCH
from workflows.language.simulation.mocks import MockError
from workflows.language.simulation.stream import Stream

_FIELDS = frozenset({"event", "after"})


def expect_all(stream: Stream, arrivals: Sequence[Mapping[str, object]]) -> None:
    """Let the stream bring each `{"event", "after"}`; what an event leaves out is filled in. Raises `MockError`."""
    for index, arrival in enumerate(arrivals):
        event, after = _read(arrival, f"events/{index}")
        stream.expect({"specversion": "1.0", "id": f"event-{index}", "source": "/dry-run", **event}, after=after)


def _read(arrival: Mapping[str, object], pointer: str) -> tuple[Mapping[str, object], float]:
    for unknown in arrival.keys() - _FIELDS:
        raise MockError(pointer, f'an arrival has event and after, not "{unknown:.80}"')
    event = arrival.get("event")
    if not isinstance(event, Mapping):
        raise MockError(pointer, 'event must be an object such as {"type": "order.paid", "data": {}}')
    members = cast("Mapping[str, object]", event)
    for name in ("type", "id", "source"):
        if not isinstance(members.get(name, "a text"), str):
            raise MockError(pointer, f"{name} must be text")
    if "type" not in members:
        raise MockError(pointer, "the event has no type")
    try:
        return members, seconds_of(parse_duration(arrival.get("after", {"seconds": 0})), EPOCH)
    except DurationError as error:
        raise MockError(pointer, f"after: {error}") from error
