"""What the statement in `statement` answers, as types. Numbers are object ids and places of columns."""

from typing import TypedDict

TypeRow = tuple[int, str, str, str, int, int, int, str | None]
"""Id, schema, name, kind (`d` for a domain, `c` for a composite), array type, base type, relation, default."""


class ColumnRow(TypedDict):
    """A column; `filled` says that only PostgreSQL gives it a value."""

    number: int
    name: str
    type: int
    filled: bool
    default: str | None
    readers: list[str]


class RelationRow(TypedDict):
    """A relation, or a composite type that a function answers: only what is `served` has a name in requests."""

    id: int
    schema: str
    name: str
    secured: bool
    served: bool
    comment: str | None
    columns: list[ColumnRow]


class KeyRow(TypedDict):
    """A unique key of a table."""

    relation: int
    primary: bool
    columns: list[int]


class ForeignKeyRow(TypedDict):
    """A foreign key: `columns` of `child` are those `referenced` in `parent`."""

    name: str
    child: int
    columns: list[int]
    parent: int
    referenced: list[int]


class ViewRow(TypedDict):
    """A view and its query as PostgreSQL keeps it."""

    id: int
    tree: str


class FunctionRow(TypedDict):
    """A function. `types`, `modes` and `names` are of all arguments, in order; the last `defaults` have a default."""

    schema: str
    name: str
    volatility: str
    set: bool
    rows: float
    result: int
    types: list[int]
    modes: list[str] | None
    names: list[str] | None
    defaults: int
    comment: str | None
    executors: list[str]


class CatalogueRows(TypedDict):
    """All of it; a part with no rows is None."""

    types: list[TypeRow]
    relations: list[RelationRow] | None
    keys: list[KeyRow] | None
    foreign_keys: list[ForeignKeyRow] | None
    views: list[ViewRow] | None
    functions: list[FunctionRow] | None
