"""Reads the catalogue from PostgreSQL's own."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import orjson

from api.rest.catalogue.entries import Function, Relation
from api.rest.catalogue.functions import Declared, declared
from api.rest.catalogue.lookup import Catalogue
from api.rest.catalogue.rows import CatalogueRows, ColumnRow, KeyRow, RelationRow
from api.rest.catalogue.sql_types import SqlTypes
from api.rest.catalogue.statement import LOAD
from api.rest.catalogue.views import Origin, origins
from api.rest.catalogue.ways import Appearance, Way, computed, edges, ways
from zilliance.database import Connection
from zilliance.enums import Role

_EVERYBODY = [role.value for role in Role]


async def load(connection: Connection, schemas: list[str]) -> Catalogue:
    """Read the catalogue inside a transaction: one statement, a few milliseconds.

    Nothing is on the search path meanwhile, so that PostgreSQL writes every name in a default out.
    """
    await connection.execute("SELECT set_config('search_path', '', true)")
    rows: CatalogueRows = orjson.loads(await connection.fetchval(LOAD, schemas, _EVERYBODY))
    # Hundreds of tables take a tenth of a second, in which others must be answered.
    return await asyncio.to_thread(_catalogue, rows)


def _catalogue(rows: CatalogueRows) -> Catalogue:
    types = SqlTypes(rows["types"])
    shown = origins(rows["views"] or ())
    keys: dict[int, list[KeyRow]] = defaultdict(list)
    for key in rows["keys"] or ():
        keys[key["relation"]].append(key)
    all_relations = rows["relations"] or []
    relations = {row["id"]: _relation(row, types, _key(row, keys, shown)) for row in all_relations}
    served = [row for row in all_relations if row["served"]]
    found = edges(rows["foreign_keys"] or (), keys, _appearances(served, relations, shown))
    functions = [declared(row, types, relations) for row in rows["functions"] or ()]
    starting = ways(found, keys)
    exposed = {relations[row["id"]] for row in served}
    for relation, way in _computed_ways(functions, exposed):
        starting[relation].append(way)
    return Catalogue(
        {(row["schema"], row["name"]): relations[row["id"]] for row in served},
        _overloads(functions),
        dict(starting),
        _computations(functions),
    )


def _relation(row: RelationRow, types: SqlTypes, key: tuple[str, ...]) -> Relation:
    columns = {column["name"]: column for column in row["columns"]}
    return Relation(
        schema=row["schema"],
        name=row["name"],
        columns={
            name: types.column(
                name,
                column["type"],
                frozenset(column["readers"] if row["served"] else _EVERYBODY),
                _default(column, types),
            )
            for name, column in columns.items()
        },
        key=key,
        is_row_secured=row["secured"],
        comment=row["comment"],
    )


def _default(column: ColumnRow, types: SqlTypes) -> str | None:
    return None if column["filled"] else column["default"] or types.default(column["type"])


def _key(
    row: RelationRow, keys: Mapping[int, Sequence[KeyRow]], shown: Mapping[int, Mapping[int, Origin]]
) -> tuple[str, ...]:
    """The names of the primary key's columns. A view of one table has that table's key, where it shows all of it."""
    table = row["id"]
    names = {column["number"]: column["name"] for column in row["columns"]}
    if table in shown:
        tables = {origin[0] for origin in shown[table].values()}
        if len(tables) != 1:
            return ()
        names = _names_of(row, shown[table])[table := tables.pop()]
    for key in keys.get(table, ()):
        if key["primary"] and all(number in names for number in key["columns"]):
            return tuple(names[number] for number in key["columns"])
    return ()


def _names_of(row: RelationRow, shown: Mapping[int, Origin]) -> dict[int, dict[int, str]]:
    """For each table behind a view, the view's names of the table's columns."""
    names: dict[int, dict[int, str]] = defaultdict(dict)
    for column in row["columns"]:
        origin = shown.get(column["number"])
        if origin is not None:
            names[origin[0]].setdefault(origin[1], column["name"])
    return names


def _appearances(
    served: Iterable[RelationRow], relations: Mapping[int, Relation], shown: Mapping[int, Mapping[int, Origin]]
) -> dict[int, list[Appearance]]:
    """For each table, the relations in which its columns can be seen."""
    found: dict[int, list[Appearance]] = defaultdict(list)
    for row in served:
        relation = relations[row["id"]]
        if row["id"] in shown:
            for table, names in _names_of(row, shown[row["id"]]).items():
                found[table].append(Appearance(relation, is_view=True, columns=names))
        else:
            names = {column["number"]: column["name"] for column in row["columns"]}
            found[row["id"]].append(Appearance(relation, is_view=False, columns=names))
    return found


def _overloads(functions: Iterable[Declared]) -> dict[tuple[str, str], tuple[Function, ...]]:
    found: dict[tuple[str, str], tuple[Function, ...]] = {}
    for each in functions:
        if each.is_callable:
            where = (each.function.schema, each.function.name)
            found[where] = (*found.get(where, ()), each.function)
    return found


def _computed_ways(functions: Iterable[Declared], exposed: set[Relation]) -> list[tuple[Relation, Way]]:
    return [
        (each.row_of, computed(each.function, is_single=each.is_single))
        for each in functions
        if each.row_of is not None and each.function.result in exposed
    ]


def _computations(functions: Iterable[Declared]) -> dict[Relation, dict[str, Function]]:
    found: dict[Relation, dict[str, Function]] = defaultdict(dict)
    for each in functions:
        function = each.function
        if each.row_of is not None and function.is_scalar and not function.is_set and not function.is_void:
            found[each.row_of][function.name] = function
    return found
