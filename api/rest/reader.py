"""A cursor over one piece of the URL's grammar, and the words that all pieces share: names, fields, values."""

import re

from api.rest import failures
from api.rest.query import Field, Step

_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"|([\w $]+(?:-(?!>)[\w $]+)*)')
_ARROW = re.compile(r"->>?")
_KEY = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,.:()\->"]+(?:-(?!>)[^,.:()\->"]+)*)')
_INDEX = re.compile(r"-?\d{1,9}(?![^,.:()\->])")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Reader:
    """Reads `text` from left to right. Every failure names `what` was read and the column where it went wrong."""

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

    def expect(self, literal: str) -> None:
        if not self.takes(literal):
            raise self.wrong(f'"{literal}"')

    def match(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise self.wrong(expected)
        self.at = found.end()
        return found

    def end(self, expected: str = "end of input") -> None:
        if not self.done:
            raise self.wrong(expected)

    def wrong(self, expected: str) -> Exception:
        return failures.unparsable(self.what, self.text, self.at, expected)

    def name(self) -> str:
        """A name: letters, digits, `_`, space, `$`, inner dashes, or anything in double quotes."""
        found = self.match(_NAME, "field name (* or [a..z0..9_$])")
        quoted, plain = found.groups()
        name = plain.strip() if quoted is None else _ESCAPE.sub(r"\1", quoted)
        if not name:
            self.at = found.start()
            raise self.wrong("field name (* or [a..z0..9_$])")
        return name

    def names(self) -> tuple[str, ...]:
        """Names with commas between them, to the end of the text."""
        names = [self.name()]
        while not self.done:
            self.expect(",")
            names.append(self.name())
        return tuple(names)

    def field(self) -> Field:
        return Field(self.name(), self.path())

    def path(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while arrow := _ARROW.match(self.text, self.at):
            self.at = arrow.end()
            steps.append(self._step(arrow.group()))
        return tuple(steps)

    def _step(self, arrow: str) -> Step:
        index = _INDEX.match(self.text, self.at)
        if index is not None:
            self.at = index.end()
            return Step(arrow, index.group(), is_index=True)
        quoted, plain = self.match(_KEY, "a JSON key or an index").groups()
        return Step(arrow, plain if quoted is None else _ESCAPE.sub(r"\1", quoted), is_index=False)

    def quoted(self) -> str | None:
        """A value in double quotes, unescaped, if one is next."""
        found = _QUOTED.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return _ESCAPE.sub(r"\1", found.group(1))
