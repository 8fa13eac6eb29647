"""Definitions as text, YAML 1.2 or JSON, and where in the text each of their parts is. For the API, not for runs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from workflows.language.issues import Issue, IssueCode, Severity
from workflows.language.limits import MAX_DOCUMENT_BYTES, MAX_JSON_DEPTH
from workflows.text.json_places import DuplicateKeyError, places_in
from workflows.text.yaml_events import YamlTextError
from workflows.text.yaml_tree import read_yaml

Position = tuple[int, int]


class DocumentTextError(ValueError):
    """The text is neither; `issue` says why and where."""

    def __init__(self, message: str, *, line: int, column: int, hint: str | None = None, code: IssueCode) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.issue = Issue(Severity.ERROR, code, "", message, hint, line, column)


@dataclass(frozen=True)
class Parsed:
    """A document that was read from text.

    Attributes:
        document: plain JSON; what anchors share in the text may be shared here, and nothing may change it.
    """

    document: object
    text: str
    places: dict[str, Position] | None = None

    def position_of(self, pointer: str) -> Position:
        """Line and column, from 1, of the part at a JSON pointer: its key, or where it begins in a list.

        A pointer to what is not there is where its nearest parent is.
        """
        while pointer and pointer not in self._places:
            pointer = pointer.rpartition("/")[0]
        return self._places.get(pointer, (1, 1))

    def located(self, issues: Iterable[Issue]) -> list[Issue]:
        """The issues with their lines and columns."""
        placed = [(issue, self.position_of(issue.pointer)) for issue in issues]
        return [replace(issue, line=line, column=column) for issue, (line, column) in placed]

    @cached_property
    def _places(self) -> dict[str, Position]:
        return places_in(self.text) if self.places is None else self.places


def parse_document(text: str) -> Parsed:
    """Read YAML 1.2 or JSON; raises `DocumentTextError`. Large YAML takes a second: not on an event loop.

    Text that begins with a brace is JSON if it can be, and what is wrong with it is said in terms of JSON.
    """
    if len(text.encode("utf-8", "replace")) > MAX_DOCUMENT_BYTES:
        message = f"the document is larger than {MAX_DOCUMENT_BYTES // 1024} KiB"
        raise DocumentTextError(
            message, line=1, column=1, hint="split it into several workflows", code=IssueCode.TOO_LARGE
        )
    text = text.removeprefix("\ufeff")
    if not text.lstrip().startswith("{"):
        return _from_yaml(text)
    try:
        return _from_json(text)
    except json.JSONDecodeError as error:
        return _from_flow_yaml(text, error)


def _from_yaml(text: str) -> Parsed:
    try:
        document, places = read_yaml(text)
    except YamlTextError as error:
        raise DocumentTextError(
            error.message, line=error.line, column=error.column, hint=error.hint, code=IssueCode.NOT_READABLE
        ) from error
    return Parsed(document, text, places)


def _from_flow_yaml(text: str, fault: json.JSONDecodeError) -> Parsed:
    """YAML with braces; else the fault of the JSON that was probably meant."""
    try:
        document, places = read_yaml(text)
    except YamlTextError as error:
        message = f"the text is not JSON: {fault.msg}"
        raise DocumentTextError(message, line=fault.lineno, column=fault.colno, code=IssueCode.NOT_READABLE) from error
    return Parsed(document, text, places)


def _from_json(text: str) -> Parsed:
    try:
        document = json.loads(text, object_pairs_hook=_distinct)
    except RecursionError as error:
        message = f"the document is nested more than {MAX_JSON_DEPTH} deep"
        raise DocumentTextError(message, line=1, column=1, hint="nest less deeply", code=IssueCode.TOO_LARGE) from error
    except _RepeatedKeyError as error:
        raise _duplicate(text, error) from error
    return Parsed(document, text)


class _RepeatedKeyError(ValueError):
    """Some object has a key twice."""


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedKeyError
    return members


def _duplicate(text: str, fault: _RepeatedKeyError) -> DocumentTextError:
    try:
        places_in(text)
    except DuplicateKeyError as error:
        return DocumentTextError(
            f'the key "{error.key:.80}" is there twice',
            line=error.line,
            column=error.column,
            hint="rename one of them",
            code=IssueCode.NOT_READABLE,
        )
    raise fault
