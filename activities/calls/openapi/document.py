"""An OpenAPI document as text, as JSON values, and the operations in it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from activities.calls.references import START, pointed
from workflows.json_text import read_json
from workflows.language.issues import suggestion
from workflows.language.problems import Kind, WorkflowFault
from workflows.text.yaml_events import YamlTextError
from workflows.text.yaml_tree import read_yaml

Json = Mapping[str, object]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
MOST_YAML_BYTES = 1024 * 1024  # reading it takes a second
MOST_REFERENCES = 32  # one leading to the next
KEPT_DOCUMENTS = 8
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, with what its path says for all operations on it.

    Attributes:
        document: the whole of it, for references and defaults.
        old: Swagger 2.0.
    """

    document: Json
    old: bool
    method: str
    path: str
    item: Json
    definition: Json


@lru_cache(maxsize=KEPT_DOCUMENTS)
def read_document(content: bytes) -> Json:
    """Read JSON or YAML; raises `WorkflowFault` for anything that is no OpenAPI document of a version known here."""
    document = _parsed(content)
    if not isinstance(document, Mapping):
        raise _unusable("it is not an object")
    members = cast("Json", document)
    swagger, openapi = str(members.get("swagger", "")), str(members.get("openapi", ""))
    if not swagger.startswith("2.") and not openapi.startswith("3."):
        raise _unusable('it says neither "swagger": "2.0" nor "openapi": "3.x"')
    return members


def find_operation(document: Json, operation_id: str) -> Operation:
    """The operation with an id; raises a fault that names those that there are."""
    names: list[str] = []
    for path, item, method, definition in _operations(document):
        name = definition.get("operationId")
        if name == operation_id:
            return Operation(document, "swagger" in document, method.upper(), path, item, definition)
        if isinstance(name, str):
            names.append(name)
    near = suggestion(operation_id, names)
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    hint = f'did you mean "{near}"?' if near else f"it has: {shown or 'no operation with an id'}"
    detail = f'the OpenAPI document has no operation "{operation_id:.80}": {hint}'
    raise WorkflowFault.of(Kind.CONFIGURATION, detail)


def resolved(document: Json, value: object) -> Json:
    """An object of the document, behind any references inside of it that stand in its place."""
    for _ in range(MOST_REFERENCES):
        if not isinstance(value, Mapping):
            return {}
        found = cast("Json", value)
        reference = found.get("$ref")
        if not isinstance(reference, str):
            return found
        value = _target(document, reference)
    raise _unusable("its references lead to each other without end")


def as_object(value: object) -> Json:
    return cast("Json", value) if isinstance(value, Mapping) else {}


def as_items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _operations(document: Json) -> Iterator[tuple[str, Json, str, Json]]:
    for path, value in as_object(document.get("paths")).items():
        item = resolved(document, value)
        for method in METHODS:
            if method in item:
                yield path, item, method, as_object(item[method])


def _target(document: Json, reference: str) -> object:
    if not reference.startswith(START):
        raise _unusable(f"it refers to another document, {reference!r:.100}: only references inside are followed")
    value = pointed(document, reference)
    if value is None:
        raise _unusable(f"it refers to {reference!r:.100}, which is not there")
    return value


def _parsed(content: bytes) -> object:
    try:
        text = content.decode(json.detect_encoding(content))
    except ValueError as error:
        raise _unusable("it is not text in UTF-8") from error
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            return read_json(text.lstrip("\ufeff"))
        except (ValueError, RecursionError) as error:
            raise _unusable(f"it is not JSON: {error}") from error
    if len(content) > MOST_YAML_BYTES:
        raise _unusable(f"it is YAML of more than {MOST_YAML_BYTES // 1024} KiB: offer it as JSON")
    try:
        return read_yaml(text)[0]
    except YamlTextError as error:
        raise _unusable(f"it is not YAML: {error.message} (line {error.line})") from error


def _unusable(why: str) -> WorkflowFault:
    return WorkflowFault.of(Kind.CONFIGURATION, f"the OpenAPI document cannot be used: {why}")
