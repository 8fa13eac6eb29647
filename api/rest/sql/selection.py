"""One SELECT over a source: its columns with what is embedded in them, its conditions, groups, order and limits."""

# ruff: noqa: S608  SQL is made here: the package says what may stand in it

from dataclasses import dataclass
from typing import Protocol

from api.rest.query import Embed, Item, Ordering, Selected
from api.rest.sql import refusals
from api.rest.sql.conditions import all_of
from api.rest.sql.draft import where, whole
from api.rest.sql.matches import Match, match
from api.rest.sql.orders import order_by
from api.rest.sql.outputs import Output, item_outputs, with_counts
from api.rest.sql.source import Source


class Wanted(Protocol):
    """What is wanted of a source: a shape, or an embedded relation."""

    @property
    def select(self) -> tuple[Selected, ...]: ...
    @property
    def order(self) -> tuple[Ordering, ...]: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """A SELECT in parts: its columns, what they are taken from, and the order and number of its rows."""

    outputs: list[Output]
    source: str
    page: str

    @property
    def text(self) -> str:
        """With aggregates it is grouped by all other columns."""
        columns = ", ".join(output.sql for output in self.outputs)
        plain = [str(number) for number, output in enumerate(self.outputs, 1) if output.aggregate is None]
        groups = f" GROUP BY {', '.join(plain)}" if 0 < len(plain) < len(self.outputs) else ""
        return f"SELECT {columns}{self.source}{groups}{self.page}"

    @property
    def numbered(self) -> str:
        """For a SELECT around it, in which the aggregates stand: columns of one name are told apart by number."""
        columns = ", ".join(f'{output.inner} AS "{number}"' for number, output in enumerate(self.outputs))
        return f"SELECT {columns}{self.source}{self.page}"


def selection(
    source: Source, tables: str, wanted: Wanted, conditions: list[str], paging: str, *, json: str = "json"
) -> Selection:
    """Raises AppError for what the catalogue has not.

    Args:
        source: the relation that stands in `tables`.
        tables: what stands in the FROM.
        wanted: the columns and their order.
        conditions: all of which must hold.
        paging: the LIMIT and the OFFSET.
        json: the type of what is embedded: `jsonb`, which can be compared, where rows are grouped by it.
    """
    select = with_counts(source, wanted.select)
    json = "jsonb" if _has_aggregates(select) else json
    outputs = [output for each in select for output in _outputs(source, each, json)]
    order = order_by(source, wanted.order, wanted.select)
    return Selection(outputs, f" FROM {tables}{''.join(source.joins)}{where(conditions)}", f"{order}{paging}")


def _outputs(source: Source, selected: Selected, json: str) -> list[Output]:
    if isinstance(selected, Item):
        return item_outputs(source, selected)
    found = match(source, selected)
    if _is_hidden(selected):
        return []
    if selected.is_spread:
        return _spread(source, found, selected, json)
    return [Output(selected.key, _subquery(found, selected, json))]


def _subquery(found: Match, embed: Embed, json: str) -> str:
    """One in the select list, which PostgreSQL runs behind the sort and the LIMIT."""
    rows = _rows(found, embed, "json", "" if found.is_list else " LIMIT 1").text
    row = whole("r")
    shown = f"coalesce({json}_agg({row}), '[]')" if found.is_list else f"to_{json}({row})"
    return f"(SELECT {shown} FROM ({rows}) AS r)"


def _spread(parent: Source, found: Match, embed: Embed, json: str) -> list[Output]:
    """The columns of a lateral join with one row: of a list, each column is a list."""
    rows = _rows(found, embed, json, found.joined_limit)
    text = rows.numbered
    if found.is_list:
        if any(output.aggregate for output in rows.outputs):
            raise refusals.aggregate_of_spread_list()
        lists = (f'coalesce({json}_agg(r."{n}"), \'[]\') AS "{n}"' for n in range(len(rows.outputs)))
        text = f"SELECT {', '.join(lists)} FROM ({text}) AS r"
    alias = parent.join(text)
    return [output.of(f'{alias}."{n}"') for n, output in enumerate(rows.outputs)]


def _rows(found: Match, embed: Embed, json: str, limit: str) -> Selection:
    conditions = [*found.conditions, *all_of(found.source, embed)]
    draft = found.source.draft
    if embed.limit >= 0:
        given = draft.value(embed.limit, "int8")
        limit = f" LIMIT {given if found.is_list else f'least(1, {given})'}"
    offset = f" OFFSET {draft.value(embed.offset, 'int8')}" if embed.offset >= 0 else ""
    return selection(found.source, found.tables, embed, conditions, limit + offset, json=json)


def _has_aggregates(select: tuple[Selected, ...]) -> bool:
    """Whether there are aggregates in this SELECT: its own, and those of what is spread in it."""
    return any(
        each.aggregate is not None if isinstance(each, Item) else each.is_spread and _has_aggregates(each.select)
        for each in select
    )


def _is_hidden(embed: Embed) -> bool:
    """Whether it shows nothing: it serves as a condition then."""
    return all(isinstance(each, Embed) and _is_hidden(each) for each in embed.select)
