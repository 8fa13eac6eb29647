"""What validation says about a document: each issue points at its place and offers the mend."""

from bisect import bisect
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum


class Severity(StrEnum):
    """Errors refuse the document, warnings do not."""

    ERROR = "error"
    WARNING = "warning"


class IssueCode(StrEnum):
    """Constants that an editor can branch on."""

    NOT_JSON = "NOT_JSON"
    NOT_READABLE = "NOT_READABLE"
    TOO_LARGE = "TOO_LARGE"
    WRONG_TYPE = "WRONG_TYPE"
    INVALID_VALUE = "INVALID_VALUE"
    MISSING_PROPERTY = "MISSING_PROPERTY"
    UNKNOWN_PROPERTY = "UNKNOWN_PROPERTY"
    UNKNOWN_TASK_TYPE = "UNKNOWN_TASK_TYPE"
    UNKNOWN_FUNCTION = "UNKNOWN_FUNCTION"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    UNKNOWN_TARGET = "UNKNOWN_TARGET"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    INVALID_EXPRESSION = "INVALID_EXPRESSION"
    SECRET_EXPOSED = "SECRET_EXPOSED"  # noqa: S105  a code
    UNKNOWN_VARIABLE = "UNKNOWN_VARIABLE"
    INVALID_SCHEMA = "INVALID_SCHEMA"
    RECURSION = "RECURSION"
    UNREACHABLE_TASK = "UNREACHABLE_TASK"
    ENDLESS_LOOP = "ENDLESS_LOOP"
    UNBOUNDED_RETRY = "UNBOUNDED_RETRY"
    NOT_EVALUATED = "NOT_EVALUATED"
    WITHOUT_EFFECT = "WITHOUT_EFFECT"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong or doubtful, at a JSON pointer into the document.

    Attributes:
        line: where it is in the text that the document was read from, counted from 1; None when there was no text.
        column: counted from 1 as well, in characters.
    """

    severity: Severity
    code: IssueCode
    pointer: str
    message: str
    hint: str | None = None
    line: int | None = None
    column: int | None = None

    def as_json(self) -> dict[str, object]:
        return {key: value for key, value in asdict(self).items() if value is not None}


def errors_of(issues: Iterable[Issue]) -> list[Issue]:
    return [issue for issue in issues if issue.severity is Severity.ERROR]


_MOST_KNOWN = 200  # others wait meanwhile


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant; of very many, only those around it are looked at."""
    names = sorted(known)
    start = max(0, min(bisect(names, word) - _MOST_KNOWN // 2, len(names) - _MOST_KNOWN))
    matches = get_close_matches(word[:64], names[start : start + _MOST_KNOWN], n=1, cutoff=0.6)
    return matches[0] if matches else None


def escape(part: str | int) -> str:
    """One part of a JSON pointer (RFC 6901)."""
    return part.replace("~", "~0").replace("/", "~1") if isinstance(part, str) else str(part)
