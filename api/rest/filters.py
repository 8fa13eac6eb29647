"""Conditions: `eq.1`, `not.in.(a,b)`, `or=(a.eq.1,and(b.gt.2,c.is.null))`. Values are collected, not kept."""

import re

from api.rest import failures
from api.rest.query import Condition, Field, Group, Term
from api.rest.reader import Reader

MAX_DEPTH = 16
MAX_TERMS = 200
MAX_LIST = 5000

COMPARISONS = {
    "eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "isdistinct": "IS DISTINCT FROM",
}  # fmt: skip
PATTERNS = {"like": "LIKE", "ilike": "ILIKE", "match": "~", "imatch": "~*"}
CONTAINERS = {
    "cs": "@>", "cd": "<@", "ov": "&&", "sl": "<<", "sr": ">>", "nxr": "&<", "nxl": "&>", "adj": "-|-",
}  # fmt: skip
SEARCHES = {
    "fts": "to_tsquery", "plfts": "plainto_tsquery", "phfts": "phraseto_tsquery", "wfts": "websearch_to_tsquery",
}  # fmt: skip
WORDS = {"null": "NULL", "not_null": "NOT NULL", "true": "TRUE", "false": "FALSE", "unknown": "UNKNOWN"}

_QUANTIFIABLE = frozenset({"eq", "gt", "gte", "lt", "lte", *PATTERNS})
_OPERATORS = frozenset({*COMPARISONS, *PATTERNS, *CONTAINERS, *SEARCHES, "in", "is"})
_OPERATOR = re.compile(r"([a-z]+)(?:\(([A-Za-z_]+)\))?\.")
_EXPECTED = "operator (eq, gt, ...)"
_BARE = re.compile(r"[^,)]*")
_ARRAY = re.compile(r"\{[^{}]*\}")
_GROUP_OPENS = re.compile(r"(not\.)?(and|or)\(")


def parse_condition(field: Field, text: str, values: list[str]) -> Condition:
    """The right side of `column=op.value`; the value is everything that follows the operator."""
    reader = Reader("filter", text)
    negated, operator, modifier = _operator(reader)
    if operator == "is":
        return Condition(field, "is", negated, word=_word(reader, text[reader.at :]))
    if operator == "in":
        values.append(array_literal(_list(reader)))
        reader.end()
    else:
        values.append(_pattern(operator, text[reader.at :]))
    return Condition(field, operator, negated, modifier)


def parse_group(word: str, text: str, values: list[str], *, negated: bool) -> Group:
    """The right side of `or=(…)`."""
    reader = Reader("logic tree", text)
    reader.expect("(")
    group = Group(word, _terms(reader, values, depth=1), negated)
    reader.end()
    return group


def array_literal(items: list[str]) -> str:
    """Texts as one value of a PostgreSQL array type."""
    escaped = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in escaped) + "}"


def _terms(reader: Reader, values: list[str], depth: int) -> tuple[Term, ...]:
    if depth > MAX_DEPTH:
        raise failures.invalid_url(f"Conditions are nested more than {MAX_DEPTH} deep")
    terms = [_term(reader, values, depth)]
    while reader.takes(","):
        terms.append(_term(reader, values, depth))
    reader.expect(")")
    if len(terms) > MAX_TERMS:
        raise failures.invalid_url(f"A condition has more than {MAX_TERMS} terms")
    return tuple(terms)


def _term(reader: Reader, values: list[str], depth: int) -> Term:
    if opening := _GROUP_OPENS.match(reader.text, reader.at):
        reader.at = opening.end()
        return Group(opening[2], _terms(reader, values, depth + 1), negated=bool(opening[1]))
    field = reader.field()
    reader.expect(".")
    negated, operator, modifier = _operator(reader)
    if operator == "is":
        return Condition(field, "is", negated, word=_word(reader, reader.match(_BARE, "a word").group()))
    if operator == "in":
        values.append(array_literal(_list(reader)))
    else:
        values.append(_pattern(operator, _inner_value(reader)))
    return Condition(field, operator, negated, modifier)


def _operator(reader: Reader) -> tuple[bool, str, str | None]:
    negated = reader.takes("not.")
    start = reader.at
    operator, modifier = reader.match(_OPERATOR, _EXPECTED).groups()
    takes_modifier = operator in SEARCHES or (operator in _QUANTIFIABLE and modifier in {"any", "all"})
    if operator not in _OPERATORS or (modifier is not None and not takes_modifier):
        reader.at = start
        raise reader.wrong(_EXPECTED)
    return negated, operator, modifier


def _word(reader: Reader, text: str) -> str:
    word = text.lower()
    if word not in WORDS:
        raise reader.wrong("null, not_null, true, false or unknown")
    return word


def _pattern(operator: str, value: str) -> str:
    """`*` stands for `%`, which is awkward in URLs."""
    return value.replace("*", "%") if operator in {"like", "ilike"} else value


def _list(reader: Reader) -> list[str]:
    reader.expect("(")
    if reader.takes(")"):
        return []
    items = [_list_item(reader)]
    while reader.takes(","):
        items.append(_list_item(reader))
    reader.expect(")")
    if len(items) > MAX_LIST:
        raise failures.invalid_url(f"A list has more than {MAX_LIST} values")
    return items


def _list_item(reader: Reader) -> str:
    quoted = reader.quoted()
    return reader.match(_BARE, "a value").group() if quoted is None else quoted


def _inner_value(reader: Reader) -> str:
    """Inside a group a value is quoted, an array, or runs to the next comma or parenthesis."""
    quoted = reader.quoted()
    if quoted is not None:
        return quoted
    array = _ARRAY.match(reader.text, reader.at)
    if array is not None:
        reader.at = array.end()
        return array.group()
    return reader.match(_BARE, "a value").group()
