"""CloudEvents 1.0 as JSON values: what makes one valid, said once for tasks that emit and for callers that publish."""

import re
from collections.abc import Mapping
from datetime import datetime

SPEC_VERSION = "1.0"
REQUIRED = ("id", "source", "type")
PAYLOADS = ("data", "data_base64")
MAX_EVENT_BYTES = 256 * 1024
MAX_ATTRIBUTES = 64

_NAME = re.compile(r"[a-z0-9]{1,40}")
# What PostgreSQL's index over source and id can hold, and what nobody's event exceeds.
_LONGEST_BYTES: Mapping[str, int] = {"id": 512, "source": 1024, "type": 512}
_LONGEST_OTHER_BYTES = 4096
_TEXTS = frozenset({*REQUIRED, "subject", "time", "datacontenttype", "dataschema"})
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_INTEGERS = range(-(2**31), 2**31)


class EventError(ValueError):
    """An event is not a CloudEvent; the message names the attribute and the mend."""

    def __init__(self, attribute: str, message: str) -> None:
        super().__init__(message)
        self.attribute = attribute


def checked(attributes: Mapping[str, object]) -> dict[str, object]:
    """The event with `specversion` first and without attributes that are null. Raises EventError."""
    event = {name: value for name, value in attributes.items() if value is not None or name == "data"}
    if event.setdefault("specversion", SPEC_VERSION) != SPEC_VERSION:
        raise EventError("specversion", f'specversion must be "{SPEC_VERSION}"')
    if len(event) > MAX_ATTRIBUTES:
        raise EventError("", f"an event has at most {MAX_ATTRIBUTES} attributes")
    for name in REQUIRED:
        if not event.get(name):
            raise EventError(name, f'an event needs the attribute "{name}", which is text that is not empty')
    for name, value in event.items():
        _check_attribute(name, value)
    if all(payload in event for payload in PAYLOADS):
        raise EventError("data_base64", "an event has data or data_base64, not both")
    if not isinstance(event.get("data_base64", ""), str):
        raise EventError("data_base64", "data_base64 must be text in base64")
    return {"specversion": SPEC_VERSION, **event}


def name_fault(name: str) -> str | None:
    """What is wrong with the name of an attribute."""
    if name in PAYLOADS or _NAME.fullmatch(name):
        return None
    return f'"{name[:80]}" cannot name an attribute of an event: use lower-case letters and digits, at most 40'


def _check_attribute(name: str, value: object) -> None:
    fault = name_fault(name)
    if fault is not None:
        raise EventError(name, fault)
    if name in PAYLOADS:
        return
    if name in _TEXTS or isinstance(value, str):
        _check_text(name, value)
    elif not isinstance(value, bool) and not (isinstance(value, int) and value in _INTEGERS):
        message = f'the attribute "{name}" must be text, a boolean or a 32-bit integer: put anything else into data'
        raise EventError(name, message)
    if name == "time" and not _is_time(value):
        raise EventError(name, "time must be a moment as in RFC 3339, such as 2026-01-31T12:00:00Z")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise EventError(name, f'the attribute "{name}" must be text that is not empty')
    if _UNPRINTABLE.search(value):
        raise EventError(name, f'the attribute "{name}" has a control character or half of a surrogate pair')
    longest = _LONGEST_BYTES.get(name, _LONGEST_OTHER_BYTES)
    if len(value.encode()) > longest:
        raise EventError(name, f'the attribute "{name}" is longer than {longest} bytes')


def _is_time(value: object) -> bool:
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True
