"""What a URL of the data API asks for, as values: parsed, not yet checked against the catalogue.

Values of filters are not in here: they are collected beside it in the order in which they occur. So two requests of
one shape are equal, and share one SQL text, one prepared statement and one plan.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step into a JSON document: `->'key'`, or `->>'key'` for text; an index counts elements."""

    arrow: str
    key: str
    is_index: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or a place inside a JSON column."""

    column: str
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of `select`. Without a field it is `*`."""

    field: Field | None
    alias: str | None = None
    cast: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A field compared with one bound value, or with a word of the language (`is.null`).

    Attributes:
        operator: its name in the URL.
        modifier: `any`, `all`, or the language of a text search.
        word: what `is` compares with; no value is bound then.
    """

    field: Field
    operator: str
    negated: bool = False
    modifier: str | None = None
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Terms joined by `and` or `or`."""

    word: str
    terms: tuple["Condition | Group", ...]
    negated: bool = False


Term = Condition | Group


@dataclass(frozen=True, slots=True)
class Ordering:
    """One entry of `order`."""

    field: Field
    direction: str = ""
    nulls: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A whole URL.

    Attributes:
        select: what each row shows; the default is every column that the caller may read.
        values: what the conditions of `where` are compared with, in order.
        limit: at most so many rows, or None.
        columns: what an insert takes from its body, or None to read it off the body.
        on_conflict: the columns by which an upsert tells rows apart, or None for the primary key.
    """

    select: tuple[Item, ...]
    where: tuple[Term, ...]
    order: tuple[Ordering, ...]
    values: tuple[str, ...]
    limit: int | None = None
    offset: int = 0
    columns: tuple[str, ...] | None = None
    on_conflict: tuple[str, ...] | None = None


EVERYTHING = (Item(None),)
