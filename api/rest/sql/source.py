"""A relation that stands in a FROM under an alias: its columns, places in its documents, what is computed of it."""

from api.rest.catalogue import Column, Relation, quoted
from api.rest.query import Field, Step
from api.rest.sql.draft import Draft, literal, qualified, whole

_JSONB = '"pg_catalog"."jsonb"'


class Source:
    """`joins` grows by what is to stand behind it in its FROM; `used` by the columns that are taken from it.

    Args:
        row: what stands for a whole row, where that is not all that the alias has.
        is_result: whether it is what a function answered, of which everything may be seen.
    """

    def __init__(
        self, draft: Draft, relation: Relation, alias: str, *, row: str | None = None, is_result: bool = False
    ) -> None:
        self.draft = draft
        self.relation = relation
        self.alias = alias
        self.joins: list[str] = []
        self.used: dict[str, None] = {}
        self.is_row_used = False
        self._row = row or whole(alias)
        self._is_result = is_result

    def row(self) -> str:
        """The whole row, for a function that takes one."""
        self.is_row_used = True
        return self._row

    def has(self, name: str) -> bool:
        """Whether there is such a column, or one that is computed."""
        return name in self.relation.columns or self.draft.catalogue.computed(self.relation, name) is not None

    def column(self, name: str) -> str:
        """Raises InvalidInputError for a column that is not there."""
        self.used[self.relation.column(name).name] = None
        return f"{self.alias}.{quoted(name)}"

    def join(self, rows: str) -> str:
        """Have a row of a subquery beside each row, or nulls; the answer is its alias."""
        alias = self.draft.join()
        self.joins.append(f" LEFT JOIN LATERAL ({rows}) AS {alias} ON true")
        return alias

    def star(self) -> tuple[Column, ...]:
        """What `*` means."""
        if self._is_result:
            return tuple(self.relation.columns.values())
        return self.relation.readable_by(self.draft.role)

    def value(self, field: Field) -> str:
        """A field as SQL. Raises InvalidInputError where there is no such column."""
        return self.typed(field)[0]

    def typed(self, field: Field) -> tuple[str, Column]:
        """A field as SQL, and the column that it is or that it is a part of."""
        value, column = self._column(field.column)
        if not field.path:
            return value, column
        document = value if column.type == _JSONB else f"to_jsonb({value})"  # what is jsonb may have an index
        return f"({document}{''.join(map(_step, field.path))})", column

    def _column(self, name: str) -> tuple[str, Column]:
        function = None if name in self.relation.columns else self.draft.catalogue.computed(self.relation, name)
        if function is None:
            return self.column(name), self.relation.columns[name]
        (column,) = function.result.columns.values()
        return f"{qualified(function)}({self.row()})", column


def _step(step: Step) -> str:
    return f" {step.arrow} {int(step.key) if step.is_index else literal(step.key)}"
