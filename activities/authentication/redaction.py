"""Takes secret values out of everything that is kept: results, faults, logs."""

import json
from collections.abc import Iterator, Mapping
from typing import Protocol, cast
from urllib.parse import quote, quote_plus

import re2  # pyright: ignore[reportMissingTypeStubs]

from activities.faults import fault
from workflows.language.calls.service import HIDDEN
from workflows.language.problems import Kind

SHORTEST = 4  # a shorter value would be found everywhere, and blank out what is no secret
TELLING = 10  # so many characters of a value, where a text was cut off, are too many to show
# What is searched for is one pattern, whose size the time for an answer depends on.
MOST_VALUES = 100
MOST_BYTES = 128 * 1024


class _Pattern(Protocol):
    """What is used of a compiled pattern, which the library does not type."""

    def sub(self, replacement: bytes, text: bytes) -> bytes: ...

    def search(self, text: bytes) -> object: ...


class Redactor:
    """Knows the secret values of one call, and more of them as they come to be.

    What finds them all is made at the first search, which may take a third of a second then: search in a thread.
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._compiled: _Pattern | None = None

    def learn(self, secret: object) -> None:
        """Add every text and number in a JSON value, as it is and as it stands in URLs and JSON.

        Raises a fault when there are too many to look for.
        """
        values = self._values | {leaf for leaf in _leaves(secret) if len(leaf) >= SHORTEST}
        if len(values) == len(self._values):
            return
        if len(values) > MOST_VALUES or sum(len(_encoded(value)) for value in values) > MOST_BYTES:
            most = f"{MOST_VALUES} texts or {MOST_BYTES // 1024} KiB"
            raise fault(Kind.CONFIGURATION, f"the secrets of one call hold more than {most}: use smaller ones")
        self._values, self._compiled = values, None

    @property
    def _pattern(self) -> _Pattern | None:
        """What finds them all; none when there are none."""
        if self._compiled is None and self._values:
            self._compiled = _compiled({form for value in self._values for form in _forms(value)})
        return self._compiled

    def finds(self, text: str) -> bool:
        """Whether a secret stands in a text, or in a JSON text."""
        pattern = self._pattern
        return pattern is not None and pattern.search(_encoded(text)) is not None

    def text(self, text: str, *, cut: bool = False) -> str:
        """A text without secrets; with `cut` also without the beginnings of some, which a shortened text may have."""
        if not self._values:
            return text
        text = self.content(_encoded(text)).decode("utf-8", "surrogatepass")
        begin = min((place for value in self._values if cut and (place := _beginning(value, text)) >= 0), default=None)
        return text if begin is None else text[:begin] + HIDDEN

    def content(self, content: bytes) -> bytes:
        pattern = self._pattern
        return content if pattern is None else pattern.sub(HIDDEN.encode(), content)

    def value(self, value: object, *, cut: bool = False) -> object:
        """A JSON value without the secrets in its texts and names."""
        if not self._values:
            return value
        if isinstance(value, str):
            return self.text(value, cut=cut)
        if isinstance(value, Mapping):
            members = cast("Mapping[str, object]", value)
            return {self.text(name): self.value(item, cut=cut) for name, item in members.items()}
        if isinstance(value, list):
            return [self.value(item, cut=cut) for item in cast("list[object]", value)]
        return value


def _compiled(forms: set[str]) -> _Pattern:
    """One pattern for all: found in linear time, a value that contains another as a whole."""
    options = re2.Options()
    # Byte for byte: an answer need not be text.
    options.encoding = re2.Options.Encoding.LATIN1  # pyright: ignore[reportUnknownMemberType]
    options.longest_match = True
    options.max_mem = 64 * 1024 * 1024
    options.log_errors = False
    escaped: list[bytes] = [re2.escape(_encoded(form)) for form in sorted(forms)]  # pyright: ignore[reportUnknownMemberType]
    return cast("_Pattern", re2.compile(b"|".join(escaped), options))  # pyright: ignore[reportUnknownMemberType]


def _forms(value: str) -> set[str]:
    encoded = _encoded(value)
    return {value, quote(encoded, safe=""), quote_plus(encoded), json.dumps(value)[1:-1]}


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _beginning(value: str, text: str) -> int:
    """Where the beginning of a value stands, or -1."""
    return text.find(value[:TELLING]) if len(value) > TELLING else -1


def _leaves(value: object) -> Iterator[str]:
    """Every text and number in a JSON value."""
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            stack.extend(cast("Mapping[str, object]", item).values())
        elif isinstance(item, list):
            stack.extend(cast("list[object]", item))
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            yield str(item)
