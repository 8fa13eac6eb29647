"""URI templates, RFC 6570 level 1: `{name}` stands for the input's property of that name, percent-encoded."""

import re
from collections.abc import Mapping
from typing import cast

from workflows.language.problems import Kind, WorkflowFault

_PLACE = re.compile(r"\{([^{}]*)\}")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def expand(template: str, data: object) -> str:
    """The URI; a missing property leaves nothing, one that is an object or array is an expression problem."""
    values = cast("Mapping[str, object]", data if isinstance(data, Mapping) else {})
    return _PLACE.sub(lambda place: percent_encode(_text(place[1], values.get(place[1]))), template)


def percent_encode(text: str) -> str:
    """Every byte but the unreserved ones as %XX (RFC 3986)."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    kind = "object" if isinstance(value, Mapping) else "array"
    raise WorkflowFault.of(
        Kind.EXPRESSION, f"the endpoint's {{{name}}} is an {kind}: only text, numbers and booleans can stand in a URI"
    )
