"""From a shape to the text of its one statement. Names are quoted, values are bound, JSON is made by PostgreSQL.

Every value is bound as text and cast by name, so the text depends on the shape alone and the driver keeps one
prepared statement for it. Parameters stand in this order: the document that is written, the values of the conditions,
then the number of rows and the number of rows to pass over.
"""

# ruff: noqa: S608  this module is where SQL is made: see above for what may stand in it

from api.rest import failures
from api.rest.catalogue import Column, Relation, quoted
from api.rest.expressions import Expressions
from api.rest.plan import Action, Conflict, Returned, Shape
from api.rest.query import Item

_BODY = "coalesce(json_agg(r)::text, '[]') AS body, count(*) AS rows"


def statement(shape: Shape, relation: Relation) -> str:
    """The SQL of a shape. Raises InvalidInputError for what the relation has not."""
    if shape.action is Action.READ:
        return _read(shape, relation)
    return _write(shape, relation)


def _read(shape: Shape, relation: Relation) -> str:
    expressions = Expressions(relation)
    table = _table(relation)
    condition = _where(expressions, shape)
    items = _items(expressions, shape, relation)
    order = _order(expressions, shape)
    limit = f" LIMIT {expressions.bound('int8')}"
    offset = f" OFFSET {expressions.bound('int8')}" if shape.is_paged else ""
    total = f", (SELECT count(*) FROM {table} AS t{condition}) AS total" if shape.is_counted else ""
    rows = f"SELECT {items} FROM {table} AS t{condition}{order}{limit}{offset}"
    return f"SELECT {_BODY}{total} FROM ({rows}) AS r"


def _write(shape: Shape, relation: Relation) -> str:
    expressions = Expressions(relation)
    change = {Action.INSERT: _insert, Action.UPDATE: _update, Action.DELETE: _delete}[shape.action]
    changed = change(expressions, shape, relation)
    returning = _returning(shape, relation)
    fresh = ""
    if shape.conflict is not None and relation.key:
        returning += f', old.{quoted(relation.key[0])} IS NULL AS "#fresh"'
        fresh = ', (SELECT count(*) FROM changed WHERE "#fresh") AS fresh'
    source = f"WITH changed AS ({changed} RETURNING {returning})"
    if shape.returned is Returned.NOTHING:
        return f"{source} SELECT '' AS body, count(*) AS rows{fresh} FROM changed"
    shown = _items(expressions, shape, relation)
    return f"{source} SELECT {_BODY}{fresh} FROM (SELECT {shown} FROM changed AS t{_order(expressions, shape)}) AS r"


def _insert(expressions: Expressions, shape: Shape, relation: Relation) -> str:
    target = f"INSERT INTO {_table(relation)} AS t"
    if not shape.columns:
        return f"{target} DEFAULT VALUES"
    document = expressions.bound_document()
    columns = _written(shape, relation)
    names = ", ".join(quoted(column.name) for column in columns)
    rows = f"SELECT {names} FROM json_to_recordset({document}) AS b({_definitions(columns)})"
    return f"{target} ({names}) {rows}{_on_conflict(shape.conflict, relation, columns)}"


def _on_conflict(conflict: Conflict | None, relation: Relation, columns: list[Column]) -> str:
    if conflict is None:
        return ""
    keys = conflict.columns or relation.key
    for key in keys:
        relation.column(key)
    target = f" ON CONFLICT ({', '.join(map(quoted, keys))})" if keys else " ON CONFLICT"
    assigned = ", ".join(f"{quoted(c.name)} = EXCLUDED.{quoted(c.name)}" for c in columns if c.name not in keys)
    if not conflict.merge or not keys:
        return f"{target} DO NOTHING"
    # All written columns are keys: nothing to change, yet the row must count as written.
    return f"{target} DO UPDATE SET {assigned or f'{quoted(keys[0])} = EXCLUDED.{quoted(keys[0])}'}"


def _update(expressions: Expressions, shape: Shape, relation: Relation) -> str:
    document = expressions.bound_document()
    columns = _written(shape, relation)
    assigned = ", ".join(f"{quoted(column.name)} = b.{quoted(column.name)}" for column in columns)
    row = f"json_to_record({document}) AS b({_definitions(columns)})"
    return f"UPDATE {_table(relation)} AS t SET {assigned} FROM {row}{_where(expressions, shape)}"


def _delete(expressions: Expressions, shape: Shape, relation: Relation) -> str:
    return f"DELETE FROM {_table(relation)} AS t{_where(expressions, shape)}"


def _written(shape: Shape, relation: Relation) -> list[Column]:
    for name in shape.columns:
        if name not in relation.columns:
            raise failures.unknown_payload_column(relation.name, name)
    return [relation.columns[name] for name in shape.columns]


def _definitions(columns: list[Column]) -> str:
    return ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)


def _returning(shape: Shape, relation: Relation) -> str:
    """The columns that the answer is made of, and no others: each needs the right to read it."""
    if shape.returned is Returned.NOTHING:
        return "1"
    names = relation.key if shape.returned is Returned.KEYS else tuple(dict.fromkeys(_named(shape, relation)))
    return ", ".join(f"t.{quoted(name)}" for name in names) or "1"


def _named(shape: Shape, relation: Relation) -> list[str]:
    names: list[str] = []
    for item in shape.select:
        if item.field is None:
            names += [column.name for column in relation.readable_by(shape.role)]
        else:
            names.append(relation.column(item.field.column).name)
    return names + [relation.column(ordering.field.column).name for ordering in shape.order]


def _items(expressions: Expressions, shape: Shape, relation: Relation) -> str:
    if shape.returned is Returned.KEYS:
        return ", ".join(f"t.{quoted(name)}" for name in relation.key) or "1"
    return ", ".join(_item(expressions, item, shape, relation) for item in shape.select)


def _item(expressions: Expressions, item: Item, shape: Shape, relation: Relation) -> str:
    if item.field is None:
        return ", ".join(f"t.{quoted(column.name)}" for column in relation.readable_by(shape.role))
    return expressions.item(item)


def _where(expressions: Expressions, shape: Shape) -> str:
    if not shape.where:
        return ""
    return " WHERE " + " AND ".join(expressions.term(term) for term in shape.where)


def _order(expressions: Expressions, shape: Shape) -> str:
    if not shape.order:
        return ""
    return " ORDER BY " + ", ".join(expressions.ordering(ordering) for ordering in shape.order)


def _table(relation: Relation) -> str:
    return f"{quoted(relation.schema)}.{quoted(relation.name)}"
