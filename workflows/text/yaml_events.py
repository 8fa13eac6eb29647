"""The door to the YAML library: its parser's events as typed values, its errors as ours."""

# The library is annotated for mypy alone; what it gives is read into typed fields here, once.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Place: TypeAlias = tuple[int, int]


class EventKind(Enum):
    """What the parser came upon."""

    DOCUMENT = auto()
    MAPPING = auto()
    LIST = auto()
    END = auto()
    SCALAR = auto()
    ALIAS = auto()


_KINDS: dict[type, EventKind] = {
    events.DocumentStartEvent: EventKind.DOCUMENT,
    events.MappingStartEvent: EventKind.MAPPING,
    events.SequenceStartEvent: EventKind.LIST,
    events.MappingEndEvent: EventKind.END,
    events.SequenceEndEvent: EventKind.END,
    events.ScalarEvent: EventKind.SCALAR,
    events.AliasEvent: EventKind.ALIAS,
}


class YamlTextError(ValueError):
    """The text cannot be read; line and column count from 1."""

    def __init__(self, message: str, place: Place, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint
        self.line, self.column = place


@dataclass(frozen=True, slots=True)
class YamlEvent:
    """One event.

    Attributes:
        plain: a scalar without quotes, which may mean something else than text.
    """

    kind: EventKind
    place: Place
    anchor: str | None = None
    tag: str | None = None
    text: str = ""
    plain: bool = False


def events_of(text: str) -> Iterator[YamlEvent]:
    """What the text says, one after the other; raises `YamlTextError`."""
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            kind = _KINDS.get(type(event))
            if kind is not None:
                yield _typed(kind, event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (1, 1) if mark is None else (int(mark.line) + 1, int(mark.column) + 1)
        context = f" {error.context}" if error.context else ""
        message = f"the text is not YAML: {error.problem or 'unreadable'}{context}"
        raise YamlTextError(message, place) from error
    except YAMLError as error:
        raise YamlTextError(f"the text is not YAML: {str(error).splitlines()[0]:.200}", (1, 1)) from error


def _typed(kind: EventKind, event: events.Event) -> YamlEvent:
    mark, anchor, tag = event.start_mark, getattr(event, "anchor", None), getattr(event, "tag", None)
    return YamlEvent(
        kind,
        (int(mark.line) + 1, int(mark.column) + 1),
        None if anchor is None else str(anchor),
        None if tag is None else str(tag),
        str(getattr(event, "value", "")),
        kind is EventKind.SCALAR and getattr(event, "style", None) is None,
    )
