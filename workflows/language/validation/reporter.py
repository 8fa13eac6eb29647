"""Collects issues and makes the checks that every object, list and scalar of a document needs."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import cast

from workflows.language.issues import Issue, IssueCode, Severity, escape, suggestion

# More would help nobody, and a hostile document could ask for millions.
MAX_ISSUES = 200
LONGEST_SHOWN = 80


class Reporter:
    """Issues so far, and the structural checks that add to them."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def error(self, pointer: str, code: IssueCode, message: str, hint: str | None = None) -> None:
        self._report(Issue(Severity.ERROR, code, pointer, message, hint))

    def warning(self, pointer: str, code: IssueCode, message: str, hint: str | None = None) -> None:
        self._report(Issue(Severity.WARNING, code, pointer, message, hint))

    def at(self, pointer: str, *parts: str | int) -> str:
        """A place further inside."""
        return "/".join((pointer, *map(escape, parts)))

    def fields(
        self,
        value: object,
        pointer: str,
        allowed: Collection[str],
        *,
        required: Collection[str] = (),
        what: str,
    ) -> Mapping[str, object] | None:
        """Check an object's property names; returns it, or None when it is no object."""
        if not isinstance(value, Mapping):
            self.error(pointer, IssueCode.WRONG_TYPE, f"{what} must be an object, not {kind_of(value)}")
            return None
        found = cast("Mapping[str, object]", value)
        for name in found:
            if name not in allowed:
                near = suggestion(name, allowed)
                hint = f'did you mean "{near}"?' if near else f"{what} may have: {', '.join(allowed)}"
                self.error(self.at(pointer, name), IssueCode.UNKNOWN_PROPERTY, f'unknown property "{name:.80}"', hint)
        for name in required:
            if name not in found:
                self.error(pointer, IssueCode.MISSING_PROPERTY, f'required property "{name}" is missing')
        return found

    def mapping(self, value: object, pointer: str, what: str) -> Mapping[str, object]:
        """Check for an object with any names; empty when it is none."""
        if isinstance(value, Mapping):
            return cast("Mapping[str, object]", value)
        self.error(pointer, IssueCode.WRONG_TYPE, f"{what} must be an object, not {kind_of(value)}")
        return {}

    def entries(self, value: object, pointer: str, what: str) -> Iterator[tuple[int, str, object]]:
        """Go through a list of single-key objects with unique names; yields index, name and value."""
        if not isinstance(value, list):
            hint = f'write [{{"name": {{...}}}}], one object with one {what} each'
            self.error(pointer, IssueCode.WRONG_TYPE, f"a list of {what}s is needed, not {kind_of(value)}", hint)
            return
        entries = cast("list[object]", value)
        if not entries:
            self.error(pointer, IssueCode.INVALID_VALUE, f"the list has no {what}", "give it at least one")
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if not isinstance(entry, Mapping) or len(cast("Mapping[str, object]", entry)) != 1:
                hint = f'write {{"name": {{...}}}} for each {what}'
                self.error(
                    self.at(pointer, index), IssueCode.WRONG_TYPE, f"each {what} is an object with one key", hint
                )
                continue
            name, content = next(iter(cast("Mapping[str, object]", entry).items()))
            if name in seen:
                message = f'another {what} in this list is also named "{name:.80}"'
                self.error(self.at(pointer, index, name), IssueCode.DUPLICATE_NAME, message, "rename one of them")
            seen.add(name)
            yield index, name, content

    def flag(self, value: object, pointer: str) -> None:
        if not isinstance(value, bool):
            self.error(pointer, IssueCode.WRONG_TYPE, f"true or false is needed, not {kind_of(value)}")

    def whole(self, value: object, pointer: str, least: int = 0) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.error(
                pointer, IssueCode.INVALID_VALUE, f"a whole number of {least} or more is needed, not {shown(value)}"
            )

    def text(self, value: object, pointer: str) -> None:
        if not isinstance(value, str):
            self.error(pointer, IssueCode.WRONG_TYPE, f"text is needed, not {kind_of(value)}")

    def one_of(self, value: object, pointer: str, options: Collection[str]) -> None:
        if value in options:
            return
        near = suggestion(value, options) if isinstance(value, str) else None
        hint = f'did you mean "{near}"?' if near else f"use one of: {', '.join(options)}"
        self.error(pointer, IssueCode.INVALID_VALUE, f"{shown(value)} is not one of the values possible here", hint)

    def _report(self, issue: Issue) -> None:
        if len(self.issues) < MAX_ISSUES:
            self.issues.append(issue)


def shown(value: object) -> str:
    """A value as its author wrote it, or the beginning of it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."


def kind_of(value: object) -> str:
    """The JSON type of a value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "a list"
