"""The columns of a select list: plain, cast, taken out of a document, aggregated."""

from dataclasses import dataclass, replace

from api.rest.catalogue import quoted
from api.rest.query import Field, Item, Selected
from api.rest.sql import refusals
from api.rest.sql.source import Source

CASTS = frozenset({
    "text", "varchar", "character varying", "int", "int2", "int4", "int8", "integer", "smallint", "bigint", "numeric",
    "real", "float4", "float8", "double precision", "bool", "boolean", "uuid", "date", "time", "timetz", "timestamp",
    "timestamptz", "interval", "json", "jsonb", "bytea", "money", "inet", "cidr", "bpchar",
})  # fmt: skip

_ROWS = "*"  # what count() counts
_BARE_COUNT = Field("count")


@dataclass(frozen=True, slots=True)
class Output:
    """One column of a select list.

    Attributes:
        value: what is shown, or what is aggregated.
        aggregate: the aggregate, or None.
        cast: the type that the aggregate's result is cast to.
    """

    name: str
    value: str
    aggregate: str | None = None
    cast: str | None = None

    @property
    def sql(self) -> str:
        value = self.value if self.aggregate is None else _cast(f"{self.aggregate}({self.value})", self.cast)
        return value if value.endswith(f".{quoted(self.name)}") else f"{value} AS {quoted(self.name)}"

    @property
    def inner(self) -> str:
        """What a subquery shows where the aggregate stands outside of it: rows are counted that are not null."""
        return "1" if self.value == _ROWS else self.value

    def of(self, value: str) -> "Output":
        """The same of what a subquery shows."""
        return replace(self, value=value)


def with_counts(source: Source, select: tuple[Selected, ...]) -> tuple[Selected, ...]:
    """`count` without parentheses counts as well, where there is no such column: front ends write `relation(count)`."""
    if not any(isinstance(each, Item) and each.field == _BARE_COUNT for each in select) or source.has("count"):
        return select
    return tuple(
        replace(each, field=None, cast=None, aggregate="count", aggregate_cast=each.cast)
        if isinstance(each, Item) and each.field == _BARE_COUNT and each.aggregate is None
        else each
        for each in select
    )


def item_outputs(source: Source, item: Item) -> list[Output]:
    """What an item of `select` shows. Raises InvalidInputError for an unknown column or cast."""
    if item.field is not None:
        value = _cast(source.value(item.field), item.cast)
        name = item.alias or item.aggregate or key_of(item.field)
        return [Output(name, value, item.aggregate, item.aggregate_cast)]
    if item.aggregate is not None:
        return [Output(item.alias or item.aggregate, _ROWS, item.aggregate, item.aggregate_cast)]
    return [Output(column.name, source.column(column.name)) for column in source.star()]


def key_of(field: Field) -> str:
    """What a field is called in the answer: a place in a document by the last key that leads there."""
    keys = [step.key for step in field.path if not step.is_index]
    return keys[-1] if keys else field.column


def _cast(value: str, name: str | None) -> str:
    if name is None:
        return value
    if name.removesuffix("[]") not in CASTS:
        raise refusals.unknown_cast(name, sorted(CASTS))
    return f"CAST({value} AS {name})"
