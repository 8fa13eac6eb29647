"""What all parts of one statement share while it is made: the catalogue, the parameters, the aliases."""

from api.rest import failures
from api.rest.catalogue import Catalogue, Function, Relation, quoted

ROOT = "t"
MAX_JOINS = 20  # PostgreSQL plans 20 in a tenth of a second, and 50 in seconds
MAX_PARTS = 1000  # embedded relations that serve as conditions are written once for each: this bounds the product


class Draft:
    """One statement in the making, for a role, whose first `values` parameters are the values of the request."""

    def __init__(self, catalogue: Catalogue, role: str, values: int) -> None:
        self.catalogue = catalogue
        self.role = role
        self._unused = set(range(values))
        self._bound = values
        self._parts = 0
        self._aliases = 0
        self._joins = 0

    def value(self, at: int, type_name: str) -> str:
        """The value at a place of the request's, as one of a type."""
        self._unused.discard(at)
        return f"CAST(${at + 1}::text AS {type_name})"

    def following(self, type_name: str) -> str:
        """The next parameter behind the values of the request, as a value of a type."""
        self._bound += 1
        return self.value(self._bound - 1, type_name)

    def document(self) -> str:
        """The next parameter as JSON."""
        self._bound += 1
        return f"${self._bound}::text::json"

    def paging(self, *, is_limited: bool, is_paged: bool) -> str:
        """`LIMIT` and `OFFSET`, of the next parameters."""
        limit = f" LIMIT {self.following('int8')}" if is_limited else ""
        return limit + (f" OFFSET {self.following('int8')}" if is_paged else "")

    def finished(self, text: str) -> str:
        """The statement, which must name every parameter: also those of what turned out not to be shown."""
        if not self._unused:
            return text
        unused = ", ".join(f"${at + 1}::text" for at in sorted(self._unused))
        return f"{text} WHERE coalesce({unused}, '') IS NOT NULL"

    def alias(self) -> str:
        """A name that nothing else in the statement has."""
        self.count()
        self._aliases += 1
        return f"{ROOT}{self._aliases}"

    def count(self) -> None:
        """Raises InvalidInputError when the statement has too many parts."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise failures.invalid_url(f"The request comes to more than {MAX_PARTS} conditions and relations")

    def join(self) -> str:
        """The alias of one more join. Raises InvalidInputError when there are too many to be planned quickly."""
        self._joins += 1
        if self._joins > MAX_JOINS:
            raise failures.invalid_url(f"More than {MAX_JOINS} relations are spread or sorted by")
        return self.alias()


def qualified(entry: Relation | Function) -> str:
    """The name of a relation or a function with its schema."""
    return f"{quoted(entry.schema)}.{quoted(entry.name)}"


def literal(text: str) -> str:
    """A text as an SQL literal: a name rather than a value, hence part of the shape."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def whole(alias: str) -> str:
    """A whole row. The bare alias would be the column of that name, where there is one."""
    return f"{alias}.*"


def typed_row(alias: str, relation: Relation) -> str:
    """A whole row as one column: without the cast a select list would have all columns in its place."""
    return f"CAST({whole(alias)} AS {qualified(relation)})"


def where(conditions: list[str]) -> str:
    """A `WHERE`, or nothing."""
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
