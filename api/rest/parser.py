"""From the query string of a URL to a `Target`: the grammar of PostgREST, as far as it is served."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from api.rest import failures
from api.rest.filters import parse_condition, parse_group
from api.rest.query import EVERYTHING, Field, Item, Ordering, Target, Term
from api.rest.reader import Reader

MAX_QUERY_LENGTH = 32_768
MAX_PARAMETERS = 200
MAX_ITEMS = 500
_MAX_NUMBER = 2**63 - 1
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CAST = re.compile(r"[a-z_][a-z0-9_ ]*(?:\[\])?")
_RESERVED = frozenset({"select", "order", "limit", "offset", "columns", "on_conflict", "apikey"})
_GROUPS = {"and": ("and", False), "or": ("or", False), "not.and": ("and", True), "not.or": ("or", True)}


def parse_target(query: bytes) -> Target:
    """Read a raw query string. Raises InvalidInputError that names the parameter and the place."""
    single: dict[str, str] = {}
    where: list[Term] = []
    values: list[str] = []
    for key, value in parameters(query):
        if key in _RESERVED:
            single[key] = value
        elif key in _GROUPS:
            word, negated = _GROUPS[key]
            where.append(parse_group(word, value, values, negated=negated))
        else:
            where.append(parse_condition(_filter_field(key), value, values))
    return Target(
        select=parse_select(single["select"]) if single.get("select") else EVERYTHING,
        where=tuple(where),
        order=parse_order(single["order"]) if single.get("order") else (),
        values=tuple(values),
        limit=_number("limit", single["limit"]) if "limit" in single else None,
        offset=_number("offset", single["offset"]) if "offset" in single else 0,
        columns=_names("columns", single.get("columns")),
        on_conflict=_names("on_conflict", single.get("on_conflict")),
    )


def parameters(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a raw query string, percent-decoded, in order.

    Raises InvalidInputError for escapes that are none, for bytes that are not UTF-8, and for NUL, which no text of
    PostgreSQL can hold.
    """
    if not query:
        return []
    if len(query) > MAX_QUERY_LENGTH:
        raise failures.uri_too_long(MAX_QUERY_LENGTH)
    try:
        text = query.decode()
    except UnicodeDecodeError as error:
        raise failures.invalid_url("The URL is not UTF-8", str(error)) from error
    pairs = [part.partition("=") for part in text.split("&") if part]
    if len(pairs) > MAX_PARAMETERS:
        raise failures.invalid_url(f"The URL has more than {MAX_PARAMETERS} parameters")
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _decoded(text: str) -> str:
    if "%" in text or "+" in text:
        if wrong := _BAD_ESCAPE.search(text):
            raise failures.invalid_url(
                "The URL has a % that does not begin an escape", f"in {text!r} at {wrong.start() + 1}"
            )
        try:
            text = unquote_plus(text, errors="strict")
        except UnicodeDecodeError as error:
            raise failures.invalid_url("The URL is not UTF-8", str(error)) from error
    if "\0" in text:
        raise failures.invalid_url("The URL contains NUL (%00), which the database cannot store")
    return text


@lru_cache(maxsize=256)
def _filter_field(key: str) -> Field:
    reader = Reader("filter", key)
    field = reader.field()
    reader.end('"->", "->>" or end of input')
    return field


@lru_cache(maxsize=256)
def parse_select(text: str) -> tuple[Item, ...]:
    """`*`, or `alias:column->path::cast` with commas between."""
    reader = Reader("select parameter", text)
    items = [_item(reader)]
    while not reader.done:
        reader.expect(",")
        items.append(_item(reader))
    if len(items) > MAX_ITEMS:
        raise failures.invalid_url(f"select has more than {MAX_ITEMS} entries")
    return tuple(items)


def _item(reader: Reader) -> Item:
    if reader.takes("*"):
        return Item(None)
    field = reader.field()
    alias = None
    if not field.path and not reader.sees("::") and reader.takes(":"):
        alias = field.column
        field = reader.field()
    cast = reader.match(_CAST, "the name of a type").group().strip() if reader.takes("::") else None
    if alias is None and field.path:
        alias = next((step.key for step in reversed(field.path) if not step.is_index), field.column)
    return Item(field, alias, cast)


@lru_cache(maxsize=256)
def parse_order(text: str) -> tuple[Ordering, ...]:
    """`column.desc.nullslast` with commas between."""
    reader = Reader("order", text)
    terms = [_ordering(reader)]
    while not reader.done:
        reader.expect(",")
        terms.append(_ordering(reader))
    if len(terms) > MAX_ITEMS:
        raise failures.invalid_url(f"order has more than {MAX_ITEMS} entries")
    return tuple(terms)


def _ordering(reader: Reader) -> Ordering:
    field = reader.field()
    direction = next((word for word in ("asc", "desc") if reader.takes(f".{word}")), "")
    nulls = next((word for word in ("first", "last") if reader.takes(f".nulls{word}")), "")
    if not reader.done and not reader.sees(","):
        raise reader.wrong('"asc", "desc", "nullsfirst", "nullslast", "," or end of input')
    return Ordering(field, direction, nulls)


def _names(what: str, text: str | None) -> tuple[str, ...] | None:
    return Reader(what, text).names() if text else None


def _number(what: str, text: str) -> int:
    if not text.isascii() or not text.removeprefix("-").isdigit():
        raise failures.unparsable(what, text, 0, "a number")
    if text.startswith("-"):
        raise failures.unsatisfiable_range(f"{what.capitalize()} should be greater than or equal to zero.")
    if len(text) > len(str(_MAX_NUMBER)) or int(text) > _MAX_NUMBER:
        raise failures.unparsable(what, text, 0, f"a number up to {_MAX_NUMBER}")
    return int(text)
