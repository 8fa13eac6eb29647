"""What a function says about its own answer, in the settings `response.status` and `response.headers`."""

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.rest import failures
from api.rest.answers import Answer, Result

_STATUSES = range(200, 600)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t !-~\x80-\xff]*")
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "set-cookie", "date", "server"})


@dataclass(frozen=True, slots=True)
class Override:
    """A status and headers, names and values, that stand in place of ours."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())

    def apply(self, answer: Answer) -> None:
        answer.status = self.status or answer.status
        for name, value in self.headers:
            for known in [each for each in answer.headers if each.lower() == name.lower()]:
                del answer.headers[known]
            answer.headers[name] = value


_NOTHING = Override()


def of(result: Result) -> Override:
    """What a call said. Raises AppError 500 for what is no status, and for what are no headers."""
    if result.response_status is None and result.response_headers is None:
        return _NOTHING
    return Override(_status(result.response_status), _headers(result.response_headers))


def _status(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[0-9]{3}", text) or int(text) not in _STATUSES:
        raise failures.bad_response_status()
    return int(text)


def _headers(text: str | None) -> tuple[tuple[str, str], ...]:
    if text is None:
        return ()
    try:
        entries: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise failures.bad_response_headers() from error
    if not isinstance(entries, list):
        raise failures.bad_response_headers()
    return tuple(_header(entry) for entry in entries)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _header(entry: Any) -> tuple[str, str]:
    """One object with one key. Headers that frame the answer are not the function's to set."""
    if not isinstance(entry, dict) or len(entry) != 1:  # pyright: ignore[reportUnknownArgumentType]
        raise failures.bad_response_headers()
    ((name, value),) = entry.items()  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, str) or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):  # pyright: ignore[reportUnknownArgumentType]
        raise failures.bad_response_headers()
    if name.lower() in _OURS:  # pyright: ignore[reportUnknownMemberType]
        raise failures.bad_response_headers()
    return name, value  # pyright: ignore[reportUnknownVariableType]
