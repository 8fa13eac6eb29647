"""Inserts, updates and deletions, and what is answered of the rows that they changed."""

# ruff: noqa: S608  SQL is made here: the package says what may stand in it

from dataclasses import replace

from api.rest.catalogue import quoted
from api.rest.plan import Returned, Shape
from api.rest.query import Field, Item
from api.rest.sql.changes import change
from api.rest.sql.draft import ROOT, Draft, typed_row
from api.rest.sql.reads import listing
from api.rest.sql.source import Source

_ROW = '"#row"'
_FRESH = '"#fresh"'


def write(draft: Draft, shape: Shape) -> str:
    """Raises AppError for what the catalogue has not."""
    relation = draft.catalogue.relation(shape.schema, shape.relation)
    changed = change(draft, shape, relation)
    is_upsert = shape.conflict is not None and bool(relation.key)
    fresh = f", (SELECT count(*) FROM changed WHERE {_FRESH}) AS fresh" if is_upsert else ""
    source = Source(draft, relation, ROOT, row=f"{ROOT}.{_ROW}")
    answer = _answer(source, shape, fresh)
    returning = _returning(source)
    if is_upsert:
        returning.append(f"old.{quoted(relation.key[0])} IS NULL AS {_FRESH}")
    return f"WITH changed AS ({changed} RETURNING {', '.join(returning) or '1'}) {answer}"


def _answer(source: Source, shape: Shape, fresh: str) -> str:
    if shape.returned is Returned.NOTHING:
        return f"SELECT '' AS body, count(*) AS rows{fresh} FROM changed"
    shown = replace(shape, where=(), is_limited=False, is_paged=False, is_counted=False)
    if shape.returned is Returned.KEYS:
        shown = replace(shown, select=tuple(Item(Field(name)) for name in source.relation.key), order=())
    return listing(source, f"changed AS {ROOT}", shown, more=fresh)


def _returning(source: Source) -> list[str]:
    """The columns that the answer is made of, and no others: each needs the right to read it."""
    columns = [f"{ROOT}.{quoted(name)}" for name in source.used]
    return [*columns, f"{typed_row(ROOT, source.relation)} AS {_ROW}"] if source.is_row_used else columns
