"""A field compared with a bound value: one condition as SQL."""

from api.rest.catalogue import Column
from api.rest.grammar.filters import COMPARISONS, CONTAINERS, PATTERNS, SEARCHES, WORDS
from api.rest.query import Condition, Field
from api.rest.sql.draft import Draft, literal
from api.rest.sql.source import Source


def comparison(source: Source, condition: Condition) -> str:
    """Raises InvalidInputError where there is no such column."""
    source.draft.count()
    value, column = source.typed(condition.field)
    text = _compared(source.draft, condition, value, column)
    return f"NOT ({text})" if condition.negated else text


def _compared(draft: Draft, condition: Condition, value: str, column: Column) -> str:
    operator = condition.operator
    if operator == "is":
        return f"{value} IS {WORDS[condition.word or 'null']}"
    if operator in SEARCHES:
        return _search(draft, condition, value, column)
    scalar, array = _types(condition.field, column)
    if operator == "in":
        return f"{value} = ANY({draft.value(condition.at, array)})"
    if operator in PATTERNS:
        scalar, array = "text", "text[]"
    symbol = COMPARISONS.get(operator) or PATTERNS.get(operator) or CONTAINERS[operator]
    if condition.modifier is not None:
        return f"{value} {symbol} {condition.modifier.upper()}({draft.value(condition.at, array)})"
    return f"{value} {symbol} {draft.value(condition.at, scalar)}"


def _search(draft: Draft, condition: Condition, value: str, column: Column) -> str:
    """What is no search vector is made one."""
    language = f"{literal(condition.modifier)}::regconfig, " if condition.modifier else ""
    vector = value if column.is_search_vector and not condition.field.path else f"to_tsvector({language}{value})"
    return f"{vector} @@ {SEARCHES[condition.operator]}({language}{draft.value(condition.at, 'text')})"


def _types(field: Field, column: Column) -> tuple[str, str]:
    """The types of one value and of a list of values that a field is compared with."""
    if field.path:
        return ("text", "text[]") if field.path[-1].arrow == "->>" else ("jsonb", "jsonb[]")
    return column.type, column.array_type or "text[]"
