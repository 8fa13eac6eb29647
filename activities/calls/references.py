"""References inside of a document of an API: JSON pointers that stand as fragments of URIs (RFC 6901, section 6)."""

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import unquote

START = "#/"
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def parts_of(reference: str) -> list[str]:
    """The names and indexes that a reference goes through."""
    pointer = unquote(reference.removeprefix(START))
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]


def pointed(document: object, reference: str) -> object:
    """What a reference points at; null for nothing."""
    value = document
    for part in parts_of(reference):
        value = _inside(value, part)
    return value


def _inside(value: object, part: str) -> object:
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value).get(part)
    if isinstance(value, list) and _INDEX.fullmatch(part):
        items = cast("list[object]", value)
        return items[int(part)] if int(part) < len(items) else None
    return None
