"""INSERT, UPDATE and DELETE, without what they return. What is written is taken out of the bound JSON document."""

# ruff: noqa: S608  SQL is made here: the package says what may stand in it

from api.rest import failures
from api.rest.catalogue import Column, Relation, quoted
from api.rest.plan import Action, Conflict, Shape
from api.rest.sql import refusals
from api.rest.sql.conditions import filters
from api.rest.sql.draft import ROOT, Draft, literal, qualified, where
from api.rest.sql.orders import order_by
from api.rest.sql.source import Source


def change(draft: Draft, shape: Shape, relation: Relation) -> str:
    """Raises AppError for what the catalogue has not."""
    if shape.action is Action.INSERT:
        return _insert(draft, shape, relation)
    verb = f"DELETE FROM {qualified(relation)} AS {ROOT}"
    if shape.action is Action.UPDATE:
        verb = _update(draft, shape, relation)
    return verb + where(_affected(draft, shape, relation))


def _insert(draft: Draft, shape: Shape, relation: Relation) -> str:
    target = f"INSERT INTO {qualified(relation)} AS {ROOT}"
    if not shape.columns:
        return f"{target} DEFAULT VALUES"
    columns = _written(shape, relation)
    names = ", ".join(quoted(column.name) for column in columns)
    values = ", ".join(_assigned(column, shape) for column in columns)
    document = draft.document()
    rows = f"json_to_recordset({document}) AS b({_definitions(columns)})"
    if shape.missing_is_default:
        rows = f"json_array_elements({document}) AS e(value){_record_of_element(columns)}"
    return f"{target} ({names}) SELECT {values} FROM {rows}{_on_conflict(shape.conflict, relation, columns)}"


def _update(draft: Draft, shape: Shape, relation: Relation) -> str:
    columns = _written(shape, relation)
    assigned = ", ".join(f"{quoted(column.name)} = {_assigned(column, shape)}" for column in columns)
    document = draft.document()
    row = f"json_to_record({document}) AS b({_definitions(columns)})"
    if shape.missing_is_default:
        row = f"(SELECT {document} AS value) AS e{_record_of_element(columns)}"
    return f"UPDATE {qualified(relation)} AS {ROOT} SET {assigned} FROM {row}"


def _written(shape: Shape, relation: Relation) -> list[Column]:
    for name in shape.columns:
        if name not in relation.columns:
            raise failures.unknown_payload_column(relation.name, name)
    return [relation.columns[name] for name in shape.columns]


def _definitions(columns: list[Column]) -> str:
    return ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)


def _record_of_element(columns: list[Column]) -> str:
    return f" CROSS JOIN LATERAL json_to_record(e.value) AS b({_definitions(columns)})"


def _assigned(column: Column, shape: Shape) -> str:
    """The document's value, or the default where the row has not even a null."""
    value = f"b.{quoted(column.name)}"
    if not shape.missing_is_default or column.default is None:
        return value
    return f"CASE WHEN e.value -> {literal(column.name)} IS NULL THEN {column.default} ELSE {value} END"


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


def _affected(draft: Draft, shape: Shape, relation: Relation) -> list[str]:
    """The conditions on the rows that change; with a limit, that they are among the first."""
    if not shape.is_limited and not shape.is_paged:
        return filters(Source(draft, relation, ROOT), shape.where, shape.select)
    if not relation.key:
        raise refusals.limited_without_key(relation.name)
    source = Source(draft, relation, draft.alias())
    conditions = where(filters(source, shape.where, shape.select))
    order = order_by(source, shape.order, shape.select)
    key = ", ".join(source.column(name) for name in relation.key)
    tables = "".join((f"{qualified(relation)} AS {source.alias}", *source.joins))
    paging = draft.paging(is_limited=shape.is_limited, is_paged=shape.is_paged)
    own = ", ".join(f"{ROOT}.{quoted(name)}" for name in relation.key)
    return [f"({own}) IN (SELECT {key} FROM {tables}{conditions}{order}{paging})"]
