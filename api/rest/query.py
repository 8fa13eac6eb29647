"""What a URL of the data API asks for, as values: parsed, not yet checked against the catalogue.

Values that are compared with stand beside it, in `Target.values`, and what is in here names their places. So two
requests of one shape are equal, and share one SQL text, one prepared statement and one plan.
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
    """One column of `select`. Without a field it is `*`, or with an aggregate `count()`.

    Attributes:
        cast: the type that the column, or what is aggregated, is cast to.
        aggregate: sum, avg, count, max or min.
        aggregate_cast: the type that the aggregate's result is cast to.
    """

    field: Field | None
    alias: str | None = None
    cast: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A field compared with one bound value, or with a word of the language (`is.null`).

    Attributes:
        operator: its name in the URL.
        at: the place of the value in `Target.values`; -1 where none is bound.
        modifier: `any`, `all`, or the language of a text search.
        word: what `is` compares with; no value is bound then.
    """

    field: Field
    operator: str
    at: int = -1
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
    """One entry of `order`. With `embed`, the field is one of the to-one relation of that name in `select`."""

    field: Field
    direction: str = ""
    nulls: str = ""
    embed: str | None = None


@dataclass(frozen=True, slots=True)
class Embed:
    """Another relation inside each row: `alias:name!hint!inner(select)`, with the parameters that speak of it.

    Attributes:
        name: a relation, a foreign key's constraint or column, or a function that computes rows.
        alias: the key in the answer, where it is not `name`.
        hint: which foreign key, column or junction is meant when several lead there.
        is_inner: rows without a match are left out.
        is_spread: its columns stand in the row itself.
        select: empty shows nothing: it serves to filter.
        limit: the place in `Target.values` of the largest number of rows, or -1.
        offset: the place in `Target.values` of the number of rows to pass over, or -1.
    """

    name: str
    alias: str | None = None
    hint: str | None = None
    is_inner: bool = False
    is_spread: bool = False
    select: tuple["Item | Embed", ...] = ()
    where: tuple[Term, ...] = ()
    order: tuple[Ordering, ...] = ()
    limit: int = -1
    offset: int = -1

    @property
    def key(self) -> str:
        """What it is called in the answer, and by the parameters that speak of it."""
        return self.alias or self.name


Selected = Item | Embed


@dataclass(frozen=True, slots=True)
class Target:
    """A whole URL.

    Attributes:
        select: what each row shows; the default is every column that the caller may read.
        values: what conditions compare with, and limits and offsets of embedded relations, as text.
        limit: at most so many rows, or None.
        columns: what an insert takes from its body, or None to read it off the body.
        on_conflict: the columns by which an upsert tells rows apart, or None for the primary key.
        arguments: names and values of a function's arguments, for a call by GET.
    """

    select: tuple[Selected, ...]
    where: tuple[Term, ...]
    order: tuple[Ordering, ...]
    values: tuple[str, ...]
    limit: int | None = None
    offset: int = 0
    columns: tuple[str, ...] | None = None
    on_conflict: tuple[str, ...] | None = None
    arguments: tuple[tuple[str, str], ...] = ()


EVERYTHING: tuple[Selected, ...] = (Item(None),)
