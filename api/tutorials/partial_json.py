"""The texts of a JSON document while it is written: what of its strings can be read so far, piece by piece."""

from collections.abc import Iterator

_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_UNICODE_DIGITS = 4
MOST_DEPTH = 16


class PartialJson:
    """Takes a document in pieces that may end anywhere, also within an escape. What is no JSON gives nothing."""

    def __init__(self) -> None:
        self._path: list[str | int] = []  # where the next value is: names of members, places in lists
        self._is_key = False  # the string that begins next names a member
        self._in_string = False
        self._key = ""
        self._escape = ""  # what has come of an escape
        self._high = ""  # the first half of a surrogate pair

    def feed(self, piece: str) -> list[tuple[str, str]]:
        """What the piece adds: `(path, text)` for each string that it is part of, such as `("steps.0.title", "Be")`."""
        added: list[tuple[str, str]] = []
        for path, text in self._texts(piece):
            if added and added[-1][0] == path:
                added[-1] = (path, added[-1][1] + text)
            else:
                added.append((path, text))
        return added

    def _texts(self, piece: str) -> Iterator[tuple[str, str]]:
        for character in piece:
            if not self._in_string:
                self._structure(character)
                continue
            text = self._string(character)
            if not text:
                continue
            if self._is_key:
                self._key += text
            else:
                yield ".".join(str(part) for part in self._path), text

    def _structure(self, character: str) -> None:
        if character == '"':
            self._in_string, self._key = True, ""
        elif character in "{[" and len(self._path) < MOST_DEPTH:
            self._path.append("" if character == "{" else 0)
            self._is_key = character == "{"
        elif character in "}]" and self._path:
            self._path.pop()
            self._is_key = False
        elif character == "," and self._path:
            place = self._path[-1]
            self._is_key = isinstance(place, str)
            self._path[-1] = "" if isinstance(place, str) else place + 1

    def _string(self, character: str) -> str:
        """What one character inside a string adds to its text."""
        if self._escape:
            return self._escaped(character)
        if character == "\\":
            self._escape = character
            return ""
        if character != '"':
            return character
        self._in_string = False
        if self._is_key and self._path:
            self._path[-1] = self._key
            self._is_key = False
        return ""

    def _escaped(self, character: str) -> str:
        self._escape += character
        if self._escape[1] != "u":
            self._escape = ""
            return _ESCAPES.get(character, "")
        if len(self._escape) < 2 + _UNICODE_DIGITS:
            return ""
        digits, self._escape = self._escape[2:], ""
        try:
            unit = chr(int(digits, 16))
        except ValueError:
            return "\ufffd"
        return self._paired(unit)

    def _paired(self, unit: str) -> str:
        high, self._high = self._high, ""
        if "\ud800" <= unit <= "\udbff":
            self._high = unit
            return ""
        if not "\udc00" <= unit <= "\udfff":
            return unit
        return (high + unit).encode("utf-16", "surrogatepass").decode("utf-16", "replace") if high else "\ufffd"
