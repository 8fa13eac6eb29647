"""The tables and views that may be served, read from PostgreSQL's own catalogue: what it has is what there is."""

from dataclasses import dataclass
from typing import Any

import orjson

from api.rest import failures
from zilliance.database import Connection
from zilliance.enums import Role

# pg_type.typname and not format_type: `character` in a cast means char(1) and cuts the value off.
_LOAD = """
SELECT coalesce(json_agg(json_build_object(
         'schema', n.nspname, 'name', c.relname, 'columns', col.list, 'key', coalesce(pk.list, '[]'))), '[]')::text
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object(
           'name', a.attname,
           'type', json_build_array(tn.nspname, t.typname),
           'array', json_build_array(an.nspname, arr.typname),
           'readers', (SELECT coalesce(json_agg(r.role), '[]') FROM unnest($2::text[]) AS r(role)
                       WHERE has_column_privilege(r.role, c.oid, a.attnum, 'SELECT'))) ORDER BY a.attnum) AS list
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_namespace tn ON tn.oid = t.typnamespace
  LEFT JOIN pg_type arr ON arr.oid = t.typarray
  LEFT JOIN pg_namespace an ON an.oid = arr.typnamespace
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) AS col
LEFT JOIN LATERAL (
  SELECT json_agg(a.attname ORDER BY k.position) AS list
  FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, position)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
  WHERE i.indrelid = c.oid AND i.indisprimary
) AS pk ON true
WHERE n.nspname = ANY($1::text[]) AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. The types are quoted, qualified names, ready to stand in a cast.

    Attributes:
        array_type: the type of lists of its values, or None for a type that has none.
        readers: the roles that may select it.
    """

    name: str
    type: str
    array_type: str | None
    is_search_vector: bool
    readers: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A table or view. `key` names the columns of its primary key, empty without one."""

    schema: str
    name: str
    columns: dict[str, Column]
    key: tuple[str, ...]

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


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The relations of the exposed schemas at one moment."""

    relations: dict[tuple[str, str], Relation]

    def relation(self, schema: str, name: str) -> Relation:
        """Raises NotFoundError for a relation that is not there."""
        found = self.relations.get((schema, name))
        if found is None:
            raise failures.unknown_table(schema, name, (known for where, known in self.relations if where == schema))
        return found


async def load(connection: Connection, schemas: list[str]) -> Catalogue:
    """Read the catalogue: one statement, a few milliseconds."""
    text = await connection.fetchval(_LOAD, schemas, [role.value for role in Role])
    relations = [_relation(entry) for entry in orjson.loads(text)]
    return Catalogue({(relation.schema, relation.name): relation for relation in relations})


def _relation(entry: dict[str, Any]) -> Relation:
    columns = [_column(column) for column in entry["columns"] or ()]
    return Relation(entry["schema"], entry["name"], {column.name: column for column in columns}, tuple(entry["key"]))


def _column(entry: dict[str, Any]) -> Column:
    schema, name = entry["type"]
    array_schema, array_name = entry["array"]
    return Column(
        name=entry["name"],
        type=f"{quoted(schema)}.{quoted(name)}",
        array_type=f"{quoted(array_schema)}.{quoted(array_name)}" if array_name else None,
        is_search_vector=(schema, name) == ("pg_catalog", "tsvector"),
        readers=frozenset(entry["readers"]),
    )


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
