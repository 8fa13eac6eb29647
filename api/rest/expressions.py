"""Conditions, orders and columns of one statement as SQL, with its parameters numbered as they come."""

from api.rest.catalogue import Column, Relation, quoted
from api.rest.failures import invalid_url
from api.rest.filters import COMPARISONS, CONTAINERS, PATTERNS, SEARCHES, WORDS
from api.rest.query import Condition, Field, Group, Item, Ordering, Term

CASTS = frozenset({
    "text", "varchar", "character varying", "int", "int2", "int4", "int8", "integer", "smallint", "bigint", "numeric",
    "real", "float4", "float8", "double precision", "bool", "boolean", "uuid", "date", "time", "timestamp",
    "timestamptz", "interval", "json", "jsonb",
})  # fmt: skip


class Expressions:
    """Renders over the columns of one relation, which stands in the statement as `t`."""

    def __init__(self, relation: Relation) -> None:
        self._relation = relation
        self._bound = 0

    def bound(self, type_name: str) -> str:
        """The next parameter, as a value of a type."""
        self._bound += 1
        return f"CAST(${self._bound}::text AS {type_name})"

    def bound_document(self) -> str:
        self._bound += 1
        return f"${self._bound}::text::json"

    def item(self, item: Item) -> str:
        """A column of the answer, under its alias."""
        if item.field is None:
            return "t.*"
        value = self._value(item.field)
        if item.cast is not None:
            if item.cast.removesuffix("[]") not in CASTS:
                raise invalid_url(f"select casts to {item.cast!r}, which is not one of {', '.join(sorted(CASTS))}")
            value = f"CAST({value} AS {item.cast})"
        return f"{value} AS {quoted(item.alias or item.field.column)}"

    def term(self, term: Term) -> str:
        """A condition or a group of them."""
        if isinstance(term, Condition):
            return self._condition(term)
        return self._group(term)

    def ordering(self, ordering: Ordering) -> str:
        nulls = f" NULLS {ordering.nulls.upper()}" if ordering.nulls else ""
        return f"{self._value(ordering.field)} {ordering.direction.upper() or 'ASC'}{nulls}"

    def _group(self, group: Group) -> str:
        inner = f" {group.word.upper()} ".join(self.term(term) for term in group.terms)
        return f"NOT ({inner})" if group.negated else f"({inner})"

    def _condition(self, condition: Condition) -> str:
        column = self._relation.column(condition.field.column)
        text = self._comparison(condition, column)
        return f"NOT ({text})" if condition.negated else text

    def _comparison(self, condition: Condition, column: Column) -> str:
        value = self._value(condition.field)
        operator = condition.operator
        if operator == "is":
            return f"{value} IS {WORDS[condition.word or 'null']}"
        if operator in SEARCHES:
            return self._search(condition, column, value)
        scalar, array = self._types(condition.field, column)
        if operator == "in":
            return f"{value} = ANY({self.bound(array)})"
        if operator in PATTERNS:
            scalar, array = "text", "text[]"
        symbol = COMPARISONS.get(operator) or PATTERNS.get(operator) or CONTAINERS[operator]
        if condition.modifier is not None:
            return f"{value} {symbol} {condition.modifier.upper()}({self.bound(array)})"
        return f"{value} {symbol} {self.bound(scalar)}"

    def _search(self, condition: Condition, column: Column, value: str) -> str:
        language = f"{_literal(condition.modifier)}::regconfig, " if condition.modifier else ""
        vector = value if column.is_search_vector and not condition.field.path else f"to_tsvector({language}{value})"
        return f"{vector} @@ {SEARCHES[condition.operator]}({language}{self.bound('text')})"

    def _types(self, field: Field, column: Column) -> tuple[str, str]:
        """The types of one value and of a list of values that a field is compared with."""
        if field.path:
            return ("text", "text[]") if field.path[-1].arrow == "->>" else ("jsonb", "jsonb[]")
        return column.type, column.array_type or "text[]"

    def _value(self, field: Field) -> str:
        column = self._relation.column(field.column)
        value = f"t.{quoted(column.name)}"
        if not field.path:
            return value
        steps = "".join(f" {step.arrow} {step.key if step.is_index else _literal(step.key)}" for step in field.path)
        return f"(to_jsonb({value}){steps})"


def _literal(text: str) -> str:
    """A key of a JSON document as an SQL literal: a name rather than a value, hence part of the shape."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
