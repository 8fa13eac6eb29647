"""Lists of a relation's rows."""

# ruff: noqa: S608  SQL is made here: the package says what may stand in it

from api.rest.plan import Returned, Shape
from api.rest.sql.bodies import body
from api.rest.sql.conditions import filters, needed
from api.rest.sql.draft import ROOT, Draft, qualified, where, whole
from api.rest.sql.selection import selection
from api.rest.sql.source import Source


def read(draft: Draft, shape: Shape) -> str:
    """Raises AppError for what the catalogue has not."""
    relation = draft.catalogue.relation(shape.schema, shape.relation)
    source = Source(draft, relation, ROOT)
    return listing(source, f"{qualified(relation)} AS {ROOT}", shape)


def listing(source: Source, tables: str, shape: Shape, *, value: str = "", more: str = "") -> str:
    """The page of rows that a shape wants of a source, with how many there are in all.

    Of each row `r` the body has `value`, or the whole of it; `more` columns of the statement stand behind commas.
    """
    conditions = filters(source, shape.where, shape.select) + needed(source, shape.select)
    paging = source.draft.paging(is_limited=shape.is_limited, is_paged=shape.is_paged)
    rows = selection(source, tables, shape, conditions, paging)
    total = f", (SELECT count(*) FROM {tables}{where(conditions)}) AS total" if shape.is_counted else ""
    is_shown = shape.returned is not Returned.NOTHING
    shown = body(shape, rows.outputs, value or whole("r")) if is_shown else "'' AS body, count(*) AS rows"
    return f"SELECT {shown}{total}{more} FROM ({rows.text}) AS r"
