"""Functions as the catalogue holds them, from what PostgreSQL says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from api.rest.catalogue.entries import Function, Parameter, Relation
from api.rest.catalogue.rows import FunctionRow
from api.rest.catalogue.sql_types import SqlTypes
from zilliance.enums import Role

_EVERYBODY = frozenset(role.value for role in Role)  # who may call a function may read what it answers
_BODIES = frozenset(f'"pg_catalog"."{name}"' for name in ("json", "jsonb", "text", "bytea", "xml"))


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a declaration: mode `i` in, `o` out, `b` both, `v` variadic, `t` a column of a table."""

    type: int
    mode: str
    name: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A function, and what finding it needs beside.

    Attributes:
        row_of: the relation whose row is its only argument.
        is_single: PostgreSQL is told that it answers one row at most.
    """

    function: Function
    row_of: Relation | None
    is_single: bool

    @property
    def is_callable(self) -> bool:
        """Whether a request can give its arguments: by name, or its body as the only one."""
        parameters = self.function.parameters
        if all(parameter.name for parameter in parameters):
            return True
        return len(parameters) == 1 and parameters[0].type in _BODIES


def declared(row: FunctionRow, types: SqlTypes, relations: Mapping[int, Relation]) -> Declared:
    """One function. `relations` are those by whose rows it may be declared, by object id."""
    arguments = [
        Argument(type_id, mode or "i", name or "")
        for type_id, mode, name in zip_longest(row["types"], row["modes"] or (), row["names"] or ())
    ]
    taken = [argument for argument in arguments if argument.mode in "ibv"]
    result, is_scalar = _result(row, arguments, types, relations)
    function = Function(
        schema=row["schema"],
        name=row["name"],
        parameters=_parameters(taken, row["defaults"], types),
        result=result,
        is_scalar=is_scalar,
        is_set=row["set"],
        is_void=types.is_void(row["result"]),
        volatility=row["volatility"],
        executors=frozenset(row["executors"]),
        comment=row["comment"],
    )
    row_type = types.relation(taken[0].type) if len(taken) == 1 else None
    return Declared(function, relations.get(row_type) if row_type else None, not row["set"] or row["rows"] == 1)


def _parameters(taken: list[Argument], defaults: int, types: SqlTypes) -> tuple[Parameter, ...]:
    required = len(taken) - defaults
    return tuple(
        Parameter(argument.name, types.name(argument.type), place < required, argument.mode == "v")
        for place, argument in enumerate(taken)
    )


def _result(
    row: FunctionRow, arguments: list[Argument], types: SqlTypes, relations: Mapping[int, Relation]
) -> tuple[Relation, bool]:
    """What it answers, and whether that is a bare value."""
    answered = [argument for argument in arguments if argument.mode in "obt"]
    if answered:
        columns = [
            types.column(argument.name or f"column{place}", argument.type, _EVERYBODY)
            for place, argument in enumerate(answered, 1)
        ]
        return Relation(row["schema"], row["name"], {column.name: column for column in columns}, ()), False
    relation = relations.get(types.relation(row["result"]) or 0)
    if relation is not None:
        return relation, False
    column = types.column(row["name"], row["result"], _EVERYBODY)
    return Relation(row["schema"], row["name"], {column.name: column}, ()), True
