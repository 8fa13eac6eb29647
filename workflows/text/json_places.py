"""Where each part of a JSON text is, found in one walk over it; the text is known to be JSON."""

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field

from workflows.language.issues import escape

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class DuplicateKeyError(ValueError):
    """An object has a key twice; the place is that of the second."""

    def __init__(self, key: str, line: int, column: int) -> None:
        super().__init__(key)
        self.key, self.line, self.column = key, line, column


@dataclass(slots=True)
class _Open:
    """An object or array that the walk is in; `index` is None in an object, where a key may be due."""

    pointer: str
    index: int | None
    keys: set[str] = field(default_factory=set[str])
    due: bool = True


def places_in(text: str) -> dict[str, tuple[int, int]]:
    """Line and column, from 1, by JSON pointer; members are where their key is. Raises `DuplicateKeyError`."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    places: dict[str, tuple[int, int]] = {}
    opened: list[_Open] = []
    pointer = ""
    for match in _TOKEN.finditer(text):
        part, around = match[0], opened[-1] if opened else None
        if part in "}]":
            opened.pop()
        elif part == ",":
            _next(opened[-1])
        elif part != ":":
            line = bisect_right(starts, match.start())
            at = (line, match.start() - starts[line - 1] + 1)
            if around is not None and around.index is None and around.due:
                pointer = _key(around, part, at)
                places[pointer] = at
                continue
            if around is not None and around.index is not None:
                pointer = f"{around.pointer}/{around.index}"
            places.setdefault(pointer, at)
            if part in "{[":
                opened.append(_Open(pointer, None if part == "{" else 0))
    return places


def _next(around: _Open) -> None:
    if around.index is None:
        around.due = True
    else:
        around.index += 1


def _key(around: _Open, part: str, at: tuple[int, int]) -> str:
    key = str(json.loads(part))
    if key in around.keys:
        raise DuplicateKeyError(key, *at)
    around.keys.add(key)
    around.due = False
    return f"{around.pointer}/{escape(key)}"
