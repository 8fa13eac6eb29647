"""Builtins on regular expressions, run by RE2 in linear time; what RE2 cannot do is an error, not a slow match."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs]

from workflows.language.expressions.fuel import Fuel, Json, RaisedError, elements_fit
from workflows.language.expressions.names import Key, ValueFunction
from workflows.language.expressions.values import describe, kind_of

_LONGEST_PATTERN = 4096
_LARGEST_PROGRAM = 2000
_FLAGS = frozenset("gilnpsx")
_FAILURES = cast("tuple[type[Exception], ...]", (re2.error, UnicodeEncodeError))  # pyright: ignore[reportUnknownMemberType]


class _Match(Protocol):
    def span(self, group: int) -> tuple[int, int]: ...
    def group(self, group: int) -> str | None: ...


class _Pattern(Protocol):
    groups: int
    groupindex: dict[str, int]
    programsize: int

    def finditer(self, text: str) -> Iterator[_Match]: ...


def _test(fuel: Fuel, value: Json, pattern: Json, flags: Json = None) -> bool:
    return next(_matches(fuel, value, *_unpacked(pattern, flags)), None) is not None


def _match(fuel: Fuel, value: Json, pattern: Json, flags: Json = None) -> list[Json]:
    """All match objects: the first one, or with the flag `g` each."""
    expression, letters = _unpacked(pattern, flags)
    names: dict[int, str] = {}
    found: list[Json] = []
    for match, compiled in _matches(fuel, value, expression, letters):
        names = names or {index: name for name, index in compiled.groupindex.items()}
        found.append(_described(match, compiled.groups, names))
        if "g" not in letters:
            break
    elements_fit(len(found))
    return found


def _captures(_fuel: Fuel, value: Json) -> dict[str, Json]:
    """The named groups of a match object."""
    return {capture["name"]: capture["string"] for capture in value["captures"] if capture["name"] is not None}


def _unpacked(pattern: Json, flags: Json) -> tuple[str, str]:
    if isinstance(pattern, list):
        pattern, flags = [*cast("list[Json]", pattern), None, None][:2]
    if not isinstance(pattern, str):
        raise RaisedError(f"{kind_of(pattern)} not a string or array")
    if flags is not None and not (isinstance(flags, str) and set(flags) <= _FLAGS):
        raise RaisedError(f"{describe(flags)} is not a valid modifier string")
    return pattern, flags or ""


def _matches(fuel: Fuel, value: Json, pattern: str, flags: str) -> Iterator[tuple[_Match, _Pattern]]:
    """Matches from left to right, each search paid by the text that is left and the size of the pattern."""
    if not isinstance(value, str):
        raise RaisedError(f"{describe(value)} cannot be matched, as it is not a string")
    fuel.spend(10 + (len(pattern) >> 3))
    compiled = _compiled(pattern, flags.replace("g", ""))
    fuel.spend((len(value) * compiled.programsize >> 11) + (len(value) >> 8))
    try:
        for match in compiled.finditer(value):
            start, end = match.span(0)
            fuel.spend(1 + compiled.groups + (len(value) - start >> 10))
            if start < end or "n" not in flags:
                yield match, compiled
    except UnicodeEncodeError:
        raise RaisedError(f"{describe(value)} has a lone surrogate and cannot be matched") from None


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> _Pattern:
    if len(pattern) > _LONGEST_PATTERN:
        raise RaisedError(f"a regular expression may have {_LONGEST_PATTERN} characters")
    if "x" in flags:
        pattern = _without_spaces(pattern)
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = "i" not in flags
    options.dot_nl = "p" in flags
    options.longest_match = "l" in flags
    try:
        compiled = cast("_Pattern", re2.compile(pattern, options))  # pyright: ignore[reportUnknownMemberType]
    except _FAILURES as error:
        raise RaisedError(f"{pattern[:100]} is not a regular expression here: {_reason(error)}") from None
    if compiled.programsize > _LARGEST_PROGRAM:
        raise RaisedError(f"{pattern[:100]} is too large a regular expression; repeat less")
    return compiled


def _reason(error: Exception) -> str:
    reason: Json = error.args[0]
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _without_spaces(pattern: str) -> str:
    """The pattern of flag `x`: blanks and comments dropped, except escaped ones and those in a class."""
    kept: list[str] = []
    escaped = in_class = comment = False
    for character in pattern:
        if comment:
            comment = character != "\n"
        elif escaped or in_class or not (character.isspace() or character == "#"):
            kept.append(character)
        else:
            comment = character == "#"
        if not comment:
            in_class = character == "[" or (in_class and character != "]") if not escaped else in_class
            escaped = character == "\\" and not escaped
    return "".join(kept)


def _described(match: _Match, groups: int, names: dict[int, str]) -> dict[str, Json]:
    start, end = match.span(0)
    captures = [_group(match, group, names.get(group)) for group in range(1, groups + 1)]
    return {"offset": start, "length": end - start, "string": match.group(0), "captures": captures}


def _group(match: _Match, group: int, name: str | None) -> dict[str, Json]:
    start, end = match.span(group)
    found = match.group(group)
    if found is None:
        return {"offset": -1, "string": None, "length": 0, "name": name}
    return {"offset": start, "length": end - start, "string": found, "name": name}


REGEX: dict[Key, ValueFunction] = {
    "test/1": _test,
    "test/2": _test,
    "_match/1": _match,
    "_match/2": _match,
    "_captures/0": _captures,
}
