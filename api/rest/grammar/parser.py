"""From the query string of a URL to a `Target`: the grammar of PostgREST."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from api.rest import failures
from api.rest.grammar import embeds
from api.rest.grammar.embeds import Parameters
from api.rest.grammar.filters import Conditions
from api.rest.grammar.keys import Key, parse_key
from api.rest.grammar.ordering import parse_order
from api.rest.grammar.reader import Reader
from api.rest.grammar.selection import EVERY_COLUMN, parse_selection
from api.rest.query import Target, Term

MAX_QUERY_LENGTH = 32_768
MAX_PARAMETERS = 200
MAX_NAMES = 1600  # columns that a table of PostgreSQL can have
_MAX_NUMBER = 2**63 - 1
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
RESERVED = frozenset({"select", "order", "limit", "offset", "columns", "on_conflict", "apikey"})


def parse_target(query: bytes, arguments: frozenset[str] = frozenset()) -> Target:
    """Read a raw query string. Raises InvalidInputError that names the parameter and the place.

    `arguments` are the names of a function's parameters, for a call by GET: what bears one of them is no condition.
    """
    single: dict[str, str] = {}
    given: list[tuple[str, str]] = []
    where: list[Term] = []
    conditions = Conditions()
    embedded: dict[embeds.Path, Parameters] = {}
    for name, value in parameters(query):
        if name in arguments:
            given.append((name, value))
        elif name in RESERVED:
            single[name] = value
        elif (key := parse_key(name)).path:
            _embedded(embedded.setdefault(key.path, Parameters()), key, value, conditions)
        else:
            where.append(_term(key, value, conditions))
    selection = parse_selection(single["select"]) if single.get("select") else EVERY_COLUMN
    order = parse_order(single["order"]) if single.get("order") else ()
    if selection.embeds or order:
        embeds.check(selection.embeds, where, order)
    return Target(
        select=embeds.merged(selection.items, embedded) if embedded else selection.items,
        where=tuple(where),
        order=order,
        values=tuple(conditions.values),
        limit=_number("limit", single["limit"]) if "limit" in single else None,
        offset=_number("offset", single["offset"]) if "offset" in single else 0,
        columns=_names("columns", single["columns"]) if single.get("columns") else None,
        on_conflict=_names("on_conflict", single["on_conflict"]) if single.get("on_conflict") else None,
        arguments=tuple(given),
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
    if "%" in text or "+" in text or "\0" in text:
        return [(_decoded(name), _decoded(value)) for name, _, value in pairs]
    return [(name, value) for name, _, value in pairs]


def _decoded(text: str) -> str:
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


def _term(key: Key, value: str, conditions: Conditions) -> Term:
    if key.word:
        return conditions.group(key.word, value, negated=key.negated)
    return conditions.single(key.field, value)


def _embedded(about: Parameters, key: Key, value: str, conditions: Conditions) -> None:
    """Note what one parameter says about an embedded relation. Numbers are bound: they are no part of the shape."""
    if key.word == "order":
        about.order = parse_order(value) if value else ()
    elif key.word == "limit":
        about.limit = conditions.bind(str(_number("limit", value)))
    elif key.word == "offset":
        about.offset = conditions.bind(str(_number("offset", value)))
    else:
        about.where.append(_term(key, value, conditions))


@lru_cache(maxsize=256)
def _names(what: str, text: str) -> tuple[str, ...]:
    reader = Reader(f"{what} parameter", text)
    names = reader.names(",", MAX_NAMES)
    reader.end('"," or end of input')
    return tuple(dict.fromkeys(names))


def _number(what: str, text: str) -> int:
    if not text.isascii() or not text.removeprefix("-").isdigit():
        raise failures.unparsable(what, text, 0, "a number")
    if text.startswith("-"):
        raise failures.unsatisfiable_range(f"{what.capitalize()} should be greater than or equal to zero.")
    if len(text) > len(str(_MAX_NUMBER)) or int(text) > _MAX_NUMBER:
        raise failures.unparsable(what, text, 0, f"a number up to {_MAX_NUMBER}")
    return int(text)
