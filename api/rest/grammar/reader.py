"""A cursor over one piece of the URL's grammar, and the words that all pieces share: names, fields, values."""

import re

from api.rest import failures
from api.rest.query import Field, Step

MAX_STEPS = 50

_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"|([\w $]+(?:-(?!>)[\w $]+)*)', re.DOTALL)
_EXPECTED_NAME = "field name (* or [a..z0..9_$])"
_ARROW = re.compile(r"->>?")
_KEY = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,.:()\->"]+(?:-(?!>)[^,.:()\->"]+)*)', re.DOTALL)
_INDEX = re.compile(r"-?[0-9]{1,9}(?![^,.:()\->])")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?![^,)])', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SPACE = re.compile(r"[ \t]*")


class Reader:
    """Reads `text` from left to right. Every failure names `what` was read and the column where it went wrong."""

    __slots__ = ("at", "text", "what")

    def __init__(self, what: str, text: str) -> None:
        self.what = what
        self.text = text
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def sees(self, literal: str) -> bool:
        return self.text.startswith(literal, self.at)

    def takes(self, literal: str) -> bool:
        """Step over `literal` if it is next."""
        if not self.sees(literal):
            return False
        self.at += len(literal)
        return True

    def expect(self, literal: str, expected: str | None = None) -> None:
        if not self.takes(literal):
            raise self.wrong(expected or f'"{literal}"')

    def found(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what `pattern` matches, if it is next."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def match(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        found = self.found(pattern)
        if found is None:
            raise self.wrong(expected)
        return found

    def space(self) -> None:
        """Step over blanks and tabs."""
        self.found(_SPACE)

    def end(self, expected: str = "end of input") -> None:
        if not self.done:
            raise self.wrong(expected)

    def wrong(self, expected: str) -> Exception:
        return failures.unparsable(self.what, self.text, self.at, expected)

    def name(self) -> str:
        """A name: letters, digits, `_`, space, `$`, inner dashes, or anything in double quotes."""
        start = self.at
        quoted, plain = self.match(_NAME, _EXPECTED_NAME).groups()
        name = plain.strip() if quoted is None else _ESCAPE.sub(r"\1", quoted)
        if not name:
            self.at = start
            raise self.wrong(_EXPECTED_NAME)
        return name

    def names(self, separator: str, most: int) -> list[str]:
        """Names with a separator between them, and blanks around."""
        names = [self._spaced_name()]
        while self.takes(separator):
            if len(names) == most:
                raise failures.invalid_url(f"{self.what} has more than {most} names")
            names.append(self._spaced_name())
        return names

    def _spaced_name(self) -> str:
        self.space()
        name = self.name()
        self.space()
        return name

    def field(self) -> Field:
        """A name and the steps into it, with blanks around."""
        self.space()
        field = Field(self.name(), self.path())
        self.space()
        return field

    def path(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while arrow := self.found(_ARROW):
            if len(steps) == MAX_STEPS:
                raise failures.invalid_url(f"A path into JSON has more than {MAX_STEPS} steps")
            steps.append(self._step(arrow.group()))
        return tuple(steps)

    def _step(self, arrow: str) -> Step:
        index = self.found(_INDEX)
        if index is not None:
            return Step(arrow, index.group(), is_index=True)
        start = self.at
        quoted, plain = self.match(_KEY, "a JSON key or an index").groups()
        key = plain.strip() if quoted is None else _ESCAPE.sub(r"\1", quoted)
        if quoted is None and not key:
            self.at = start
            raise self.wrong("a JSON key or an index")
        return Step(arrow, key, is_index=False)

    def quoted(self) -> str | None:
        """A value in double quotes, unescaped, if that is all that is next before a comma or parenthesis."""
        found = self.found(_QUOTED)
        return None if found is None else _ESCAPE.sub(r"\1", found.group(1))
