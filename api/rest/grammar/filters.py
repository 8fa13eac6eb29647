"""Conditions: `eq.1`, `not.in.(a,b)`, `or=(a.eq.1,and(b.gt.2,c.is.null))`. Their values stand apart, in places."""

import re
from collections.abc import Callable

from api.rest import failures
from api.rest.grammar.reader import Reader
from api.rest.query import Condition, Field, Group, Term

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
_PLAIN = frozenset({*COMPARISONS, *CONTAINERS, "match", "imatch"})
_OPERATOR = re.compile(r"([a-z]+)(?:\(([\w $]+)\))?\.")
_EXPECTED = "operator (eq, gt, ...)"
_BARE = re.compile(r"[^,)]*")
_ARRAY = re.compile(r"\{[^{}]*\}(?![^,)])")
_GROUP_OPENS = re.compile(r"(not\.)?(and|or)[ \t]*\(")


class Conditions:
    """Parses the conditions of one request, and collects in `values` what they compare with."""

    __slots__ = ("_count", "values")

    def __init__(self) -> None:
        self.values: list[str] = []
        self._count = 0

    def bind(self, value: str) -> int:
        """Keep a value; the answer is its place."""
        self.values.append(value)
        return len(self.values) - 1

    def single(self, field: Field, text: str) -> Condition:
        """The right side of `column=op.value`; the value is everything that follows the operator."""
        operator, dot, value = text.partition(".")
        if dot and operator in _PLAIN:
            self._counted()
            return Condition(field, operator, self.bind(value))
        reader = Reader("filter", text)
        condition = self._compared(field, reader, _rest)
        reader.end()
        return condition

    def group(self, word: str, text: str, *, negated: bool) -> Group:
        """The right side of `or=(…)`."""
        reader = Reader("logic tree", text)
        reader.space()
        reader.expect("(")
        group = Group(word, self._terms(reader, depth=1), negated)
        reader.end()
        return group

    def _counted(self) -> None:
        self._count += 1
        if self._count > MAX_TERMS:
            raise failures.invalid_url(f"The URL has more than {MAX_TERMS} conditions")

    def _terms(self, reader: Reader, depth: int) -> tuple[Term, ...]:
        if depth > MAX_DEPTH:
            raise failures.invalid_url(f"Conditions are nested more than {MAX_DEPTH} deep")
        terms = [self._term(reader, depth)]
        while reader.takes(","):
            terms.append(self._term(reader, depth))
        reader.expect(")", '"," or ")"')
        reader.space()
        return tuple(terms)

    def _term(self, reader: Reader, depth: int) -> Term:
        reader.space()
        if opening := reader.found(_GROUP_OPENS):
            return Group(opening[2], self._terms(reader, depth + 1), negated=bool(opening[1]))
        field = reader.field()
        reader.expect(".")
        return self._compared(field, reader, _inner_value)

    def _compared(self, field: Field, reader: Reader, value: Callable[[Reader], str]) -> Condition:
        self._counted()
        negated, operator, modifier = _operator(reader)
        if operator == "is":
            return Condition(field, "is", negated=negated, word=_word(reader))
        text = array_literal(_list(reader)) if operator == "in" else value(reader)
        if operator in {"like", "ilike"}:  # % is awkward in URLs
            text = text.replace("*", "%")
        return Condition(field, operator, self.bind(text), negated, modifier)


def array_literal(items: list[str]) -> str:
    """Texts as one value of a PostgreSQL array type."""
    escaped = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in escaped) + "}"


def _operator(reader: Reader) -> tuple[bool, str, str | None]:
    negated = reader.takes("not.")
    start = reader.at
    operator, modifier = reader.match(_OPERATOR, _EXPECTED).groups()
    takes_modifier = operator in SEARCHES or (operator in _QUANTIFIABLE and modifier in {"any", "all"})
    if operator not in _OPERATORS or (modifier is not None and not takes_modifier):
        reader.at = start
        raise reader.wrong(_EXPECTED)
    return negated, operator, modifier.strip() if modifier else None


def _word(reader: Reader) -> str:
    start = reader.at
    word = reader.match(_BARE, "a word").group().lower()
    if word not in WORDS:
        reader.at = start
        raise reader.wrong("null, not_null, true, false or unknown")
    return word


def _list(reader: Reader) -> list[str]:
    reader.space()
    reader.expect("(")
    reader.space()
    items = [] if reader.sees(")") else [_list_item(reader)]
    while reader.takes(","):
        if len(items) == MAX_LIST:
            raise failures.invalid_url(f"A list has more than {MAX_LIST} values")
        items.append(_list_item(reader))
    reader.expect(")", '"," or ")"')
    reader.space()
    return items


def _list_item(reader: Reader) -> str:
    quoted = reader.quoted()
    return reader.match(_BARE, "a value").group() if quoted is None else quoted


def _inner_value(reader: Reader) -> str:
    """Inside a group a value is quoted, an array, or runs to the next comma or parenthesis."""
    quoted = reader.quoted()
    if quoted is not None:
        return quoted
    array = reader.found(_ARRAY)
    return array.group() if array else reader.match(_BARE, "a value").group()


def _rest(reader: Reader) -> str:
    start, reader.at = reader.at, len(reader.text)
    return reader.text[start:]
