"""YAML 1.2 as plain JSON, built from the parser's events: iterative, so that depth and anchors can be bounded.

The library's own constructors would make dates of text and expand anchors without a limit.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from workflows.language.issues import escape
from workflows.language.limits import MAX_JSON_DEPTH
from workflows.text.yaml_events import EventKind, Place, YamlEvent, YamlTextError, events_of

# Parts of a document once every alias stands for what it names.
MAX_PARTS = 100_000

# The core schema of YAML 1.2.2, section 10.3.2: `on`, `yes`, dates and 1.0.3 are text.
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 400

_TAG = "tag:yaml.org,2002:"


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    value: dict[str, object] | list[object]
    pointer: str
    anchor: str | None
    parts: int = 1
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    """What was read so far. `anchors` holds None for what is not complete."""

    places: dict[str, Place] = field(default_factory=dict[str, Place])
    opened: list[_Open] = field(default_factory=list[_Open])
    anchors: dict[str, tuple[object, int] | None] = field(default_factory=dict[str, "tuple[object, int] | None"])
    documents: list[object] = field(default_factory=list[object])
    parts: int = 0

    def take(self, event: YamlEvent) -> None:
        if event.kind is EventKind.DOCUMENT and self.documents:
            raise YamlTextError("the text holds more than one document", event.place, "remove what follows ---")
        if event.kind is EventKind.ALIAS:
            self._alias(event.anchor or "", event.place)
        elif event.kind is EventKind.SCALAR:
            self._scalar(event)
        elif event.kind is EventKind.END:
            self._close()
        elif event.kind is not EventKind.DOCUMENT:
            self._open(event)

    def _open(self, event: YamlEvent) -> None:
        mapping, place = event.kind is EventKind.MAPPING, event.place
        _refuse_tag(event, ("map",) if mapping else ("seq",))
        if self._key_due():
            raise YamlTextError("a key must be text", place, "write the key in one line, without brackets")
        if len(self.opened) >= MAX_JSON_DEPTH:
            raise YamlTextError(f"the document is nested more than {MAX_JSON_DEPTH} deep", place, "nest less deeply")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self._count(1, place)
        self.opened.append(_Open({} if mapping else [], self._pointer(place), event.anchor))

    def _close(self) -> None:
        done = self.opened.pop()
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.value, done.parts)
        self._put(done.value, done.parts)

    def _scalar(self, event: YamlEvent) -> None:
        if self._key_due():
            self._key(event)
            return
        self._count(1, event.place)
        self._pointer(event.place)
        value = _value_of(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        self._put(value, 1)

    def _key(self, event: YamlEvent) -> None:
        around, text = self.opened[-1], event.text
        if text == "<<" and event.plain:
            hint = "repeat the members, or use an alias"
            raise YamlTextError("merge keys are not part of YAML 1.2", event.place, hint)
        if text in cast("dict[str, object]", around.value):
            raise YamlTextError(f'the key "{text:.80}" is there twice', event.place, "rename one of them")
        around.key = text
        self.places[f"{around.pointer}/{escape(text)}"] = event.place

    def _alias(self, name: str, place: Place) -> None:
        known = self.anchors.get(name)
        if self._key_due():
            raise YamlTextError("a key must be text, not an alias", place, "write the key itself")
        if known is None:
            fault = "stands within itself" if name in self.anchors else "is not defined before"
            raise YamlTextError(f"the anchor of *{name:.80} {fault}", place)
        value, parts = known
        self._count(parts, place)
        self._pointer(place)
        self._put(value, parts)

    def _count(self, parts: int, place: Place) -> None:
        self.parts += parts
        if self.parts > MAX_PARTS:
            message = f"the document has more than {MAX_PARTS:,} parts once its aliases are expanded"
            raise YamlTextError(message, place, "use fewer aliases")

    def _key_due(self) -> bool:
        return bool(self.opened) and isinstance(self.opened[-1].value, dict) and self.opened[-1].key is None

    def _pointer(self, place: Place) -> str:
        """The pointer of the value that begins here."""
        if not self.opened:
            pointer = ""
        elif isinstance(self.opened[-1].value, list):
            pointer = f"{self.opened[-1].pointer}/{len(self.opened[-1].value)}"
        else:
            pointer = f"{self.opened[-1].pointer}/{escape(self.opened[-1].key or '')}"
        self.places.setdefault(pointer, place)
        return pointer

    def _put(self, value: object, parts: int) -> None:
        if not self.opened:
            self.documents.append(value)
            return
        around = self.opened[-1]
        around.parts += parts
        if isinstance(around.value, list):
            around.value.append(value)
        else:
            around.value[around.key or ""] = value
            around.key = None


def read_yaml(text: str) -> tuple[object, dict[str, Place]]:
    """The document and the places of its parts by JSON pointer; raises `YamlTextError`."""
    reader = _Reader()
    for event in events_of(text):
        reader.take(event)
    if not reader.documents:
        raise YamlTextError("the text is empty", (1, 1), "write a definition, such as do: [...]")
    return reader.documents[0], reader.places


def _refuse_tag(event: YamlEvent, allowed: tuple[str, ...]) -> None:
    if event.tag is not None and event.tag not in {f"{_TAG}{name}" for name in allowed}:
        message = f"the tag {event.tag.removeprefix(_TAG)!r:.80} is not available"
        raise YamlTextError(message, event.place, "remove the tag")


def _value_of(event: YamlEvent) -> object:
    if event.tag is None:
        return _resolved(event.text, event.place) if event.plain else event.text
    _refuse_tag(event, (*_BY_TAG, "str"))
    kind = event.tag.removeprefix(_TAG)
    if kind == "str":
        return event.text
    value = _resolved(event.text, event.place)
    if not isinstance(value, _BY_TAG[kind]) or (kind != "bool" and isinstance(value, bool)):
        raise YamlTextError(f"{event.text!r:.80} is not of the kind that its tag says", event.place, "remove the tag")
    return value


_BY_TAG: Mapping[str, tuple[type, ...]] = {"null": (type(None),), "bool": (bool,), "int": (int,), "float": (float, int)}

_PLAIN: tuple[tuple[re.Pattern[str], Callable[[str], object]], ...] = (
    (_NULL, lambda _: None),
    (_BOOLEAN, lambda text: text.lower() == "true"),
    (_INTEGER, int),
    (_OCTAL, lambda text: int(text[2:], 8)),
    (_HEXADECIMAL, lambda text: int(text[2:], 16)),
    (_FLOAT, float),
)


def _resolved(text: str, place: Place) -> object:
    """A plain scalar by the core schema."""
    if _NOT_A_NUMBER.fullmatch(text):
        raise YamlTextError(f"{text} is not a number of JSON", place, "write a number, or quote the text")
    for pattern, read in _PLAIN:
        if pattern.fullmatch(text):
            if len(text) > _LONGEST_NUMBER:
                raise YamlTextError("the number is too long", place, "quote it to make it text")
            return read(text)
    return text
