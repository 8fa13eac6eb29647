"""The first gate: a document must be JSON that can be stored, not too deep and not too large."""

import math
from collections.abc import Mapping
from typing import cast

from workflows.language.issues import Issue, IssueCode, Severity, escape
from workflows.language.limits import MAX_DOCUMENT_BYTES, MAX_JSON_DEPTH
from workflows.language.sizes import size_of

_LARGEST_INTEGER = 2**63


def json_issue(document: object) -> Issue | None:
    """What makes the value no document at all, found without recursion; None when it is one."""
    if size_of(document, MAX_DOCUMENT_BYTES) > MAX_DOCUMENT_BYTES:
        message = f"the document is larger than {MAX_DOCUMENT_BYTES // 1024} KiB"
        return _issue("", IssueCode.TOO_LARGE, message, "split it into several workflows")
    stack: list[tuple[str, int, object]] = [("", 0, document)]
    while stack:
        pointer, depth, value = stack.pop()
        if depth > MAX_JSON_DEPTH:
            message = f"the document is nested more than {MAX_JSON_DEPTH} deep"
            return _issue("", IssueCode.TOO_LARGE, message, "nest less deeply")
        fault = _fault_of(value)
        if fault is not None:
            return _issue(pointer, IssueCode.NOT_JSON, fault, "give plain JSON")
        stack.extend((f"{pointer}/{escape(key)}", depth + 1, inner) for key, inner in _inside(value))
    return None


def _inside(value: object) -> list[tuple[str | int, object]]:
    if isinstance(value, Mapping):
        return list(cast("Mapping[str, object]", value).items())
    if isinstance(value, list):
        return list(enumerate(cast("list[object]", value)))
    return []


def _fault_of(value: object) -> str | None:
    if isinstance(value, str):
        return _text_fault(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{value} is not a number of JSON"
    if isinstance(value, Mapping):
        keys = cast("Mapping[object, object]", value)
        faults = (_text_fault(key) if isinstance(key, str) else f"the key {key!r:.80} is not text" for key in keys)
        return next((fault for fault in faults if fault), None)
    if value is None or isinstance(value, (bool, list)):
        return None
    if isinstance(value, int):
        return None if abs(value) < _LARGEST_INTEGER else "the number has more than 64 bits"
    return f"a {type(value).__name__} is not JSON"


def _text_fault(text: str) -> str | None:
    if "\0" in text:
        return "text may not contain the character NUL"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "text may not contain half of a surrogate pair"
    return None


def _issue(pointer: str, code: IssueCode, message: str, hint: str) -> Issue:
    return Issue(Severity.ERROR, code, pointer, message, hint)
