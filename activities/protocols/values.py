"""Reads what an author's templates came to: each value of the wrong kind is a fault that names its place."""

import json
from collections.abc import Mapping
from typing import cast

from activities.faults import fault
from workflows.language.problems import Kind


def text_of(value: object, what: str) -> str:
    """A text; raises a fault for anything else."""
    if not isinstance(value, str):
        raise fault(Kind.VALIDATION, f"{what} must be text, not {value!r:.80}")
    return value


def written(value: object) -> str:
    """Any value as a program or a header is given it: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def object_of(value: object, what: str) -> Mapping[str, object]:
    """An object, of which null is the empty one; raises a fault for anything else."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise fault(Kind.VALIDATION, f"{what} must be an object, not {value!r:.80}")
    return cast("Mapping[str, object]", value)


def list_of(value: object, what: str) -> list[object]:
    """A list, of which null is the empty one; raises a fault for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise fault(Kind.VALIDATION, f"{what} must be a list, not {value!r:.80}")
    return cast("list[object]", value)


def texts_of(value: object, what: str) -> dict[str, str]:
    """An object of texts, such as headers or an environment; members that are null are left out."""
    return {name: written(item) for name, item in object_of(value, what).items() if item is not None}
