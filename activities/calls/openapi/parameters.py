"""Parameters of an operation: which there are, and how the values of a task are written for each place and style."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from activities.calls.bodies import plain
from activities.calls.openapi.document import Json, Operation, as_items, as_object, resolved
from workflows.language.problems import Kind, WorkflowFault

# The separators of Swagger's collectionFormat, and of styles of OpenAPI 3 in a query.
_COLLECTIONS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
_DELIMITED = {"spaceDelimited": " ", "pipeDelimited": "|"}
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_UNRESERVED = "-._~"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the document declares it.

    Attributes:
        place: path, query, header, cookie; formData or body in Swagger 2.0.
        style: of OpenAPI 3; a Swagger 2.0 collectionFormat becomes the style that writes the same.
        separator: what joins the items of an array where the style does not say it.
        media: it is written as one JSON text.
    """

    name: str
    place: str
    required: bool
    default: object
    style: str
    explode: bool
    separator: str
    media: bool


def parameters_of(operation: Operation) -> list[Parameter]:
    """Those of the operation, and those of its path that it does not replace."""
    declared: dict[tuple[str, str], Parameter] = {}
    for owner in (operation.item, operation.definition):
        for value in as_items(owner.get("parameters")):
            parameter = _parameter(operation, resolved(operation.document, value))
            declared[parameter.name, parameter.place] = parameter
    return list(declared.values())


def in_path(parameter: Parameter, value: object) -> str:
    """The text that takes the place of `{name}`."""
    if parameter.style == "label":
        return "." + _simple(parameter, value, "." if parameter.explode else ",")
    if parameter.style == "matrix":
        return _matrix(parameter, value)
    text = _simple(parameter, value, parameter.separator)
    if text in {"", ".", ".."}:
        detail = f"the path parameter {parameter.name!r} cannot be {text!r}: it would name another path"
        raise WorkflowFault.of(Kind.VALIDATION, detail)
    return text


def in_query(parameter: Parameter, value: object) -> Iterator[tuple[str, str]]:
    """Names and values, both percent-encoded."""
    name = quote(parameter.name, safe=_UNRESERVED + "[]")
    items, members = _items(parameter, value), _members(parameter, value)
    if items is not None:
        texts = [quoted(item) for item in items]
        if parameter.explode and parameter.style == "form":
            yield from ((name, text) for text in texts)
        else:
            yield name, quote(_DELIMITED.get(parameter.style, parameter.separator), safe=",").join(texts)
    elif members is not None:
        yield from _object_in_query(parameter, name, members)
    else:
        yield name, quoted(value)


def in_header(parameter: Parameter, value: object) -> str:
    """The value of a header; a line break in it is refused later, with every other."""
    items, members = _items(parameter, value), _members(parameter, value)
    if items is not None:
        return parameter.separator.join(map(plain, items))
    if members is not None:
        joint = "=" if parameter.explode else ","
        return ",".join(f"{key}{joint}{plain(item)}" for key, item in members)
    return plain(value)


def quoted(value: object) -> str:
    return quote(plain(value), safe=_UNRESERVED)


def _parameter(operation: Operation, value: Json) -> Parameter:
    name, place = value.get("name"), value.get("in")
    if not isinstance(name, str) or not isinstance(place, str):
        raise WorkflowFault.of(
            Kind.CONFIGURATION, f"the document has a parameter without name or place: {value!r:.100}"
        )
    schema = as_object(value.get("schema"))
    required = value.get("required") is True or place == "path"
    default = value.get("default", schema.get("default"))
    if operation.old:
        collection = str(value.get("collectionFormat", "csv"))
        separator = _COLLECTIONS.get(collection, ",")
        style, explode = _STYLES.get(place, "simple"), collection == "multi"
        return Parameter(name, place, required, default, style, explode, separator, media=False)
    style = str(value.get("style", _STYLES.get(place, "simple")))
    explode = value.get("explode", style == "form") is True
    return Parameter(name, place, required, default, style, explode, ",", media="content" in value)


def _simple(parameter: Parameter, value: object, separator: str) -> str:
    items, members = _items(parameter, value), _members(parameter, value)
    if items is not None:
        return quote(separator, safe=",.").join(map(quoted, items))
    if members is not None:
        joint = "=" if parameter.explode else ","
        return separator.join(f"{quoted(key)}{joint}{quoted(item)}" for key, item in members)
    return quoted(value)


def _matrix(parameter: Parameter, value: object) -> str:
    name = quote(parameter.name, safe=_UNRESERVED)
    items, members = _items(parameter, value), _members(parameter, value)
    if parameter.explode and items is not None:
        return "".join(f";{name}={quoted(item)}" for item in items)
    if parameter.explode and members is not None:
        return "".join(f";{quoted(key)}={quoted(item)}" for key, item in members)
    return f";{name}={_simple(parameter, value, ',')}"


def _object_in_query(parameter: Parameter, name: str, members: list[tuple[str, object]]) -> Iterator[tuple[str, str]]:
    if parameter.style == "deepObject":
        for key, item in members:
            items = cast("list[object]", item) if isinstance(item, list) else [item]
            yield from ((f"{name}[{quoted(key)}]", quoted(each)) for each in items)
    elif parameter.explode:
        yield from ((quoted(key), quoted(item)) for key, item in members)
    else:
        yield name, ",".join(f"{quoted(key)},{quoted(item)}" for key, item in members)


def _items(parameter: Parameter, value: object) -> list[object] | None:
    """The items of an array that is not written as JSON."""
    return cast("list[object]", value) if isinstance(value, list) and not parameter.media else None


def _members(parameter: Parameter, value: object) -> list[tuple[str, object]] | None:
    """The members of an object that is not written as JSON; those that are null are left out."""
    if not isinstance(value, Mapping) or parameter.media:
        return None
    return [(name, item) for name, item in as_object(cast("object", value)).items() if item is not None]
