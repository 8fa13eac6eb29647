"""A valid instance of a JSON Schema, with texts that say where they are from."""

from collections.abc import Mapping
from typing import cast

from jsonschema_rs import ValidationError, validate

Json = Mapping[str, object]

MOST_ITEMS = 200
MOST_DEPTH = 12
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "email": "stand-in@example.com",
    "uri": "https://example.com/stand-in",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class NoInstanceError(Exception):
    """The stand-in is no model: it cannot think of anything that meets this schema."""


def instance_of(schema: Json, about: str) -> object:
    """An instance whose texts are about something. Raises NoInstanceError."""
    try:
        made = _Maker(schema, about).make(schema, "answer", 0)
        validate(dict(schema), made)
    except (ValidationError, ValueError, TypeError, KeyError, RecursionError) as error:
        message = f"the stand-in cannot make an instance of this schema: {error!s:.300}"
        raise NoInstanceError(message) from error
    return made


class _Maker:
    def __init__(self, root: Json, about: str) -> None:
        self._root = root
        self._about = about
        self._count = 0

    def make(self, schema: Json, name: str, depth: int) -> object:
        if depth > MOST_DEPTH:
            raise ValueError("nested too deep")
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if options := cast("list[object]", schema.get("enum")):
            return options[0]
        kind = self._kind(schema)
        if kind == "object":
            members = cast("Mapping[str, Json]", schema.get("properties", {}))
            return {key: self.make(member, key, depth + 1) for key, member in members.items()}
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in {"integer", "number"}:
            return _number(schema, whole=kind == "integer")
        return {"boolean": True, "null": None}.get(kind) if kind != "string" else self._text(schema, name)

    def _resolved(self, schema: Json) -> Json:
        """The schema without references and alternatives: the first that is no null is taken."""
        merged: dict[str, object] = dict(schema)
        for _ in range(MOST_DEPTH):
            if "$ref" not in merged:
                break
            merged.update(self._referred(str(merged.pop("$ref"))))
        for part in cast("list[Json]", merged.pop("allOf", [])):
            merged.update(self._resolved(part))
        options = cast("list[Json]", merged.pop("anyOf", None) or merged.pop("oneOf", None) or [])
        if options:
            merged.update(self._resolved(next((each for each in options if each.get("type") != "null"), options[0])))
        return merged

    def _referred(self, reference: str) -> Json:
        place = self._root
        for part in reference.removeprefix("#").strip("/").split("/"):
            place = cast("Json", place[part])
        return place

    def _kind(self, schema: Json) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            kinds = cast("list[str]", kind)
            return next((each for each in kinds if each != "null"), "null")
        return str(kind) if kind else "object" if "properties" in schema else "array" if "items" in schema else "string"

    def _array(self, schema: Json, name: str, depth: int) -> list[object]:
        least, most = int(str(schema.get("minItems", 0))), int(str(schema.get("maxItems", MOST_ITEMS)))
        number = min(max(least, 2), most)
        if number > MOST_ITEMS:
            raise ValueError("too many items")
        first = cast("list[Json]", schema.get("prefixItems", []))
        rest = cast("Json", schema.get("items") or {"type": "string"})
        singular = name.removesuffix("s") or name
        return [self.make(first[at] if at < len(first) else rest, singular, depth + 1) for at in range(number)]

    def _text(self, schema: Json, name: str) -> str:
        known = _FORMATS.get(str(schema.get("format")))
        if known is not None:
            return known
        self._count += 1
        words = name.replace("_", " ").replace("-", " ")
        text = f"Stand-in {words} {self._count}: {self._about}"
        least, most = int(str(schema.get("minLength", 0))), int(str(schema.get("maxLength", 2**20)))
        while len(text) < least:
            text += " No language model wrote this."
        return text[:most]


def _number(schema: Json, *, whole: bool) -> int | float:
    if "exclusiveMinimum" in schema:
        low = float(str(schema["exclusiveMinimum"])) + (1 if whole else 0.5)
    else:
        low = float(str(schema.get("minimum", min(1.0, float(str(schema.get("maximum", 1)))))))
    step = float(str(schema.get("multipleOf", 0)))
    if step:
        low = -(-low // step) * step
    return -int(-low // 1) if whole else low
