"""Typed access to parts of a document that validation has passed; a part of another shape is a configuration fault."""

from collections.abc import Mapping
from typing import cast

from workflows.language.problems import Kind, WorkflowFault


def as_map(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise WorkflowFault.of(Kind.CONFIGURATION, f"{what} must be an object, not {value!r:.80}")
    return cast("Mapping[str, object]", value)


def as_list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise WorkflowFault.of(Kind.CONFIGURATION, f"{what} must be a list, not {value!r:.80}")
    return cast("list[object]", value)


def as_text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise WorkflowFault.of(Kind.CONFIGURATION, f"{what} must be text, not {value!r:.80}")
    return value


def single(value: object, what: str) -> tuple[str, object]:
    """The one name and value of an entry of a list of single-key maps."""
    entry = as_map(value, what)
    if len(entry) != 1:
        raise WorkflowFault.of(Kind.CONFIGURATION, f"{what} must have exactly one key, not {len(entry)}")
    return next(iter(entry.items()))


def part(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An optional object of an object; empty when absent."""
    inner = value.get(name)
    return {} if inner is None else as_map(inner, name)
