"""The types of a database: how they are written in a cast, and what stands behind them."""

from collections.abc import Iterable

from api.rest.catalogue.entries import Column, quoted
from api.rest.catalogue.rows import TypeRow


class SqlTypes:
    """All types by object id."""

    def __init__(self, rows: Iterable[TypeRow]) -> None:
        self._rows = {row[0]: row for row in rows}
        self._written: dict[int, tuple[str, str | None, bool]] = {}

    def name(self, type_id: int) -> str:
        """The quoted, qualified name."""
        _, schema, name, *_ = self._rows[type_id]
        return f"{quoted(schema)}.{quoted(name)}"

    def relation(self, type_id: int) -> int | None:
        """The relation whose row a composite type is."""
        row = self._rows[self._base(type_id)]
        return row[6] if row[3] == "c" else None

    def is_void(self, type_id: int) -> bool:
        return self.name(type_id) == '"pg_catalog"."void"'

    def column(self, name: str, type_id: int, readers: frozenset[str], default: str | None = None) -> Column:
        """A column of that type.

        A domain stands for its base type: a value that is only compared need not pass the domain's checks, and one
        that is written meets them when it is assigned.
        """
        written = self._written.get(type_id) or self._write(type_id)
        return Column(name, *written, readers, default)

    def _write(self, type_id: int) -> tuple[str, str | None, bool]:
        """Few types serve many columns, so what a column says of its type is put together once."""
        base, schema, name, _, array, *_ = self._rows[self._base(type_id)]
        is_search_vector = (schema, name) == ("pg_catalog", "tsvector")
        written = self._written[type_id] = (self.name(base), self.name(array) if array else None, is_search_vector)
        return written

    def default(self, type_id: int) -> str | None:
        """The SQL of a domain's own default."""
        return self._rows[type_id][7]

    def _base(self, type_id: int) -> int:
        while self._rows[type_id][3] == "d":
            type_id = self._rows[type_id][5]
        return type_id
