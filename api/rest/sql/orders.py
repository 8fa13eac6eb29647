"""The order of rows: by their own fields, and by those of relations that are embedded in them."""

# ruff: noqa: S608  SQL is made here: the package says what may stand in it

from api.rest import failures
from api.rest.query import Embed, Ordering, Selected
from api.rest.sql import refusals
from api.rest.sql.conditions import all_of
from api.rest.sql.draft import where
from api.rest.sql.matches import match
from api.rest.sql.source import Source


def order_by(source: Source, order: tuple[Ordering, ...], select: tuple[Selected, ...]) -> str:
    """An ORDER BY, or nothing. Raises AppError for what is not there, or has more than one row."""
    if not order:
        return ""
    return " ORDER BY " + ", ".join(_ordering(source, ordering, select) for ordering in order)


def _ordering(source: Source, ordering: Ordering, select: tuple[Selected, ...]) -> str:
    value = source.value(ordering.field) if ordering.embed is None else _related(source, ordering, select)
    nulls = f" NULLS {ordering.nulls.upper()}" if ordering.nulls else ""
    return f"{value} {ordering.direction.upper() or 'ASC'}{nulls}"


def _related(parent: Source, ordering: Ordering, select: tuple[Selected, ...]) -> str:
    """A join, since a subquery would be run for every row that is sorted."""
    name = ordering.embed or ""
    embed = next((each for each in select if isinstance(each, Embed) and each.key == name), None)
    if embed is None:
        raise failures.not_embedded(name)
    found = match(parent, embed)
    if found.is_list:
        raise refusals.related_order_of_list(parent.relation.name, name)
    value = found.source.value(ordering.field)
    conditions = [*found.conditions, *all_of(found.source, embed)]
    row = f'SELECT {value} AS "0" FROM {found.tables}{where(conditions)}{found.joined_limit}'
    return f'{parent.join(row)}."0"'
