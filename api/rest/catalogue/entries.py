"""What the catalogue holds, as values: relations, functions, and the ways that lead from one relation to another."""

from dataclasses import dataclass

from api.rest import failures


@dataclass(frozen=True, slots=True)
class Column:
    """A column. The types are quoted, qualified names, ready to stand in a cast.

    Attributes:
        array_type: the type of lists of its values, or None for a type that has none.
        readers: the roles that may select it.
        default: the SQL of its default, or None without one and for columns that only PostgreSQL fills.
    """

    name: str
    type: str
    array_type: str | None
    is_search_vector: bool
    readers: frozenset[str]
    default: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A table or view, or what a function answers. `key` names the columns of its primary key, empty without one.

    A view counts as `is_row_secured`: it may stand over tables that are.
    """

    schema: str
    name: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    is_row_secured: bool = False
    comment: str | None = None

    def column(self, name: str) -> Column:
        """Raises InvalidInputError for a column that is not there."""
        found = self.columns.get(name)
        if found is None:
            raise failures.unknown_column(self.name, name)
        return found

    def readable_by(self, role: str) -> tuple[Column, ...]:
        """What `*` means to a role. All columns when it may read none, so that PostgreSQL says no."""
        readable = tuple(column for column in self.columns.values() if role in column.readers)
        return readable or tuple(self.columns.values())


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a function takes. The type is a quoted, qualified name; a variadic one's is that of the array."""

    name: str
    type: str
    is_required: bool
    is_variadic: bool


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function. `result` has one column of the function's name where a scalar is answered.

    Attributes:
        volatility: `i` for immutable, `s` for stable, `v` for volatile.
        executors: the roles that may call it.
    """

    schema: str
    name: str
    parameters: tuple[Parameter, ...]
    result: Relation
    is_scalar: bool
    is_set: bool
    is_void: bool
    volatility: str
    executors: frozenset[str]
    comment: str | None = None


Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Junction:
    """A table between two others: pairs of (column of the parent, its own) and of (its own, column of the target)."""

    relation: Relation
    parent: Pairs
    target: Pairs


@dataclass(frozen=True, slots=True, eq=False)
class Relationship:
    """How rows of a target belong to a row of a parent: by columns, through a junction, or as a function says.

    Attributes:
        is_list: many of them belong to one; otherwise one or none.
        columns: pairs of (column of the parent, column of the target), all of which must be equal.
        function: takes the parent's row and returns the target's.
    """

    target: Relation
    is_list: bool
    columns: Pairs = ()
    junction: Junction | None = None
    function: Function | None = None


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
