"""Where the rows of an embedded relation come from: the ones that belong to one row of the parent."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.rest.catalogue import Junction, Relationship, quoted
from api.rest.query import Embed
from api.rest.sql.draft import qualified
from api.rest.sql.source import Source


@dataclass(frozen=True, slots=True)
class Match:
    """An embedded relation beside its parent.

    Attributes:
        tables: what stands in the FROM.
        conditions: what ties its rows to the parent's row.
        is_by_key: whether PostgreSQL itself knows that there is one row at most.
    """

    source: Source
    tables: str
    conditions: list[str]
    is_list: bool
    is_by_key: bool

    @property
    def joined_limit(self) -> str:
        """How a join is kept to one row. None where there is no need: it could not be planned as a join then."""
        return "" if self.is_list or self.is_by_key else " LIMIT 1"


def match(parent: Source, embed: Embed) -> Match:
    """Raises AppError where no relationship is meant, or more than one."""
    found = parent.draft.catalogue.relationship(parent.relation, embed)
    source = Source(parent.draft, found.target, parent.draft.alias(), is_result=found.function is not None)
    if found.function is not None:
        tables, conditions = f"{qualified(found.function)}({parent.row()}) AS {source.alias}", list[str]()
    elif found.junction is not None:
        tables, conditions = _through(parent, source, found.junction)
    else:
        tables = f"{qualified(found.target)} AS {source.alias}"
        conditions = [f"{source.column(own)} = {parent.column(parents)}" for parents, own in found.columns]
    return Match(source, tables, conditions, found.is_list, _is_by_key(found))


def _through(parent: Source, source: Source, junction: Junction) -> tuple[str, list[str]]:
    alias = parent.draft.alias()
    joined = _equal((f"{alias}.{quoted(between)}", source.column(own)) for between, own in junction.target)
    tables = f"{qualified(junction.relation)} AS {alias} JOIN {qualified(source.relation)} AS {source.alias}"
    found = [(f"{alias}.{quoted(between)}", parent.column(parents)) for parents, between in junction.parent]
    return f"{tables} ON {' AND '.join(joined)}", _equal(found)


def _equal(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{left} = {right}" for left, right in pairs]


def _is_by_key(relationship: Relationship) -> bool:
    key = relationship.target.key
    return bool(key) and {*key} <= {own for _, own in relationship.columns}
