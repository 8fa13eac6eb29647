"""Answers by a schema: how a gateway is asked for one, and what its text says."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from workflows.json_text import read_json, write_json
from workflows.language.schemas import Schema

Json = Mapping[str, object]

JSON_SCHEMA, JSON_OBJECT = "json_schema", "json_object"
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_VALUES = frozenset({"const", "enum", "default", "examples"})
_FENCE = re.compile(r"^```[A-Za-z]*[ \t\r]*\n(.*?)\n?```$", re.DOTALL)


def rung_of(schema: Json, lacking: frozenset[str]) -> str | None:
    """The best way of asking that the gateway has; None: in words alone."""
    if schema.get("type") != "object":
        return None  # what OpenAI began takes objects only
    return next((each for each in (JSON_SCHEMA, JSON_OBJECT) if each not in lacking), None)


def response_format(schema: Json, rung: str | None) -> Json | None:
    if rung == JSON_SCHEMA:
        inside = {"name": "answer", "schema": schema, "strict": _is_strict(schema)}
        return {"type": JSON_SCHEMA, JSON_SCHEMA: inside}
    return {"type": JSON_OBJECT} if rung == JSON_OBJECT else None


def instruction(schema: Json) -> str:
    """What is said in words where the schema itself is not heeded."""
    return (
        "Answer with JSON alone: no text around it, no code fence. "
        f"The answer must be valid against this JSON Schema: {write_json(schema)}"
    )


def value_of(text: str, schema: Schema) -> tuple[object, str | None]:
    """The value that an answer is, and what is wrong with it or None."""
    try:
        value = read_json(_bare(text))
    except (ValueError, RecursionError) as error:
        return None, f"it is no JSON: {error!s:.200}"
    return value, schema.faults_of(value)


def _bare(text: str) -> str:
    """The JSON of an answer without what models like to put around it."""
    text = text.strip()
    fenced = _FENCE.match(text)
    if fenced:
        return fenced[1]
    # A sentence before or after it: what begins with the first brace, if that is a whole value.
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start < 0 or text.startswith('"'):
        return text
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return text
    return text[start:end]


def _is_strict(node: object) -> bool:
    """Whether a provider that checks strictly takes the schema: its objects name all their members as required."""
    if isinstance(node, Mapping):
        part = cast("Json", node)
        return _is_closed(part) and all(_is_strict(each) for each in _schemas_in(part))
    if isinstance(node, Sequence) and not isinstance(node, str):
        return all(_is_strict(each) for each in cast("Sequence[object]", node))
    return True


def _is_closed(part: Json) -> bool:
    """What names no members is as good. Never raises, for keywords that nobody knows may hold anything."""
    if part.get("type") != "object" and "properties" not in part:
        return True
    properties, required = part.get("properties", {}), part.get("required", [])
    if part.get("additionalProperties") is not False or not isinstance(properties, Mapping):
        return False
    members, named = cast("Json", properties), cast("list[object]", required if isinstance(required, list) else [])
    return len(named) == len(members) and all(name in named for name in members)


def _schemas_in(part: Json) -> Iterator[object]:
    """What of a schema are schemas, or lists of them: a member may be named as a keyword is, and values are none."""
    for name, value in part.items():
        if name in _NAMED and isinstance(value, Mapping):
            yield from cast("Json", value).values()
        elif name not in _VALUES:
            yield value
