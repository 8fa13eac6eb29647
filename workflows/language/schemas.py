"""JSON Schema for inputs, outputs and exports: compiled once, local, and of bounded cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import jsonschema_rs

from workflows.language.schema_load import load_of, weight_of

# A reference is expanded wherever it stands, so that nested definitions can multiply; this bounds the product.
_MOST_EXPANSIONS = 10_000
_MOST_ERRORS = 5
# Schemas tried on values, all in all. So many take a second or two; to name what is wrong takes fifty times as long.
_MOST_TRIED = 10_000_000
_MOST_EXPLAINED = 100_000
_REFUSED = ("$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor")


class SchemaError(ValueError):
    """The schema itself is no good."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled JSON Schema, draft 2020-12.

    Attributes:
        load: the most schemas of it that are tried on any one part of a value.
    """

    validator: jsonschema_rs.Draft202012Validator
    load: int

    def faults_of(self, value: object) -> str | None:
        """What is wrong with the value, or None; a value that would take too long to look at is wrong."""
        tried = self.load * weight_of(value, _MOST_TRIED // self.load)
        if tried > _MOST_TRIED:
            return "the value is too large for a schema that tries so much on each part of it: simplify the schema"
        if tried > _MOST_EXPLAINED:
            fits = self.validator.is_valid(cast("Any", value))
            return None if fits else "the value does not match, and is too large to say where"
        faults: list[str] = []
        for error in self.validator.iter_errors(cast("Any", value)):
            place = "/".join(str(part) for part in error.instance_path)
            faults.append(f"/{place}: {error.message:.300}" if place else f"{error.message:.300}")
            if len(faults) == _MOST_ERRORS:
                break
        return "; ".join(faults) or None


def compile_schema(document: object) -> Schema:
    """Compile an inline schema; raises `SchemaError`.

    References reach within the document only and may not be recursive: validation runs inside workflow code, where
    nothing may be fetched and time must stay bounded.
    """
    if not isinstance(document, (Mapping, bool)):
        raise SchemaError(f"a JSON Schema is an object or a boolean, not {document!r:.80}")
    load = 1
    if isinstance(document, Mapping):
        load = _load_of(cast("Mapping[str, object]", document))
    try:
        validator = jsonschema_rs.Draft202012Validator(
            cast("Any", document), offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
        return Schema(validator, load)
    except ValueError as error:
        raise SchemaError(f"not a JSON Schema: {str(error).splitlines()[0]:.300}") from error


def _load_of(root: Mapping[str, object]) -> int:
    try:
        _expansions(root, root, (), {})
        return load_of(root, lambda reference: _resolve(root, reference))
    except RecursionError as error:
        raise SchemaError("its references lead to each other in too long a row: simplify them") from error


def _expansions(root: Mapping[str, object], node: object, trail: tuple[str, ...], known: dict[str, int]) -> int:
    """How many schemas a node stands for once its references are expanded."""
    total = 1
    for part in _objects(node):
        if part is not root and "$id" in part:
            raise SchemaError("a nested $id is not supported: refer to definitions by #/$defs/...")
        for keyword in _REFUSED:
            if keyword in part:
                raise SchemaError(f"{keyword} is not supported: refer to definitions by #/$defs/...")
        reference = part.get("$ref")
        if isinstance(reference, str):
            total += _expanded(root, reference, trail, known)
        if total > _MOST_EXPANSIONS:
            raise SchemaError(f"its references expand to more than {_MOST_EXPANSIONS} schemas: simplify them")
    return total


def _expanded(root: Mapping[str, object], reference: str, trail: tuple[str, ...], known: dict[str, int]) -> int:
    if reference in trail or reference == "#":
        raise SchemaError(f"the recursive reference {reference!r:.80} is not supported")
    if reference not in known:
        known[reference] = _expansions(root, _resolve(root, reference), (*trail, reference), known)
    return known[reference]


def _resolve(root: Mapping[str, object], reference: str) -> object:
    if not reference.startswith("#/"):
        raise SchemaError(f"the reference {reference!r:.80} leaves the document: only #/... is supported")
    node: object = root
    for part in reference[2:].split("/"):
        members = cast("Mapping[str, object]", node if isinstance(node, Mapping) else {})
        name = part.replace("~1", "/").replace("~0", "~")
        if name not in members:
            raise SchemaError(f"the reference {reference!r:.80} points at nothing")
        node = members[name]
    return node


def _objects(node: object) -> Iterator[Mapping[str, object]]:
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            members = cast("Mapping[str, object]", item)
            yield members
            stack.extend(members.values())
        elif isinstance(item, list):
            stack.extend(cast("list[object]", item))
