"""The shape of one request: all that its SQL depends on, and nothing that is bound. Equal shapes share a statement."""

from dataclasses import dataclass
from enum import Enum

from api.rest.query import EVERYTHING, Ordering, Selected, Term


class Action(Enum):
    """What is done to the relation."""

    READ = "read"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    CALL = "call"


class Returned(Enum):
    """What the answer shows of the rows."""

    ROWS = "representation"
    KEYS = "headers-only"
    NOTHING = "minimal"


class Format(Enum):
    """How the rows are written."""

    JSON = "json"
    STRIPPED = "json without nulls"
    CSV = "csv"


class Arguments(Enum):
    """How a function gets its arguments."""

    SINGLY = "each bound as text"
    DOCUMENT = "taken by name from one bound JSON object"
    WHOLE = "the body itself is the only argument"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What an insert does with a row that is there already."""

    columns: tuple[str, ...] | None
    merge: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of request.

    Attributes:
        relation: the table, view or (for a call) function.
        role: the caller's: what `*` means depends on it.
        values: how many of the statement's first parameters are `Target.values`. Those that follow are, where the
            shape has them: the document or the arguments in their order, then the limit, then the offset.
        columns: what an insert or an update writes, taken from the bound document; for a call, the arguments given.
        missing_is_default: a column that a row of the document lacks takes its default instead of NULL.
        is_limited: whether the largest number of rows is bound.
        is_paged: whether a number of rows to pass over is bound.
        is_counted: whether all matching rows are counted, too.
    """

    action: Action
    schema: str
    relation: str
    role: str
    select: tuple[Selected, ...] = EVERYTHING
    where: tuple[Term, ...] = ()
    order: tuple[Ordering, ...] = ()
    values: int = 0
    columns: tuple[str, ...] = ()
    arguments: Arguments = Arguments.SINGLY
    returned: Returned = Returned.ROWS
    format: Format = Format.JSON
    conflict: Conflict | None = None
    missing_is_default: bool = False
    is_limited: bool = False
    is_paged: bool = False
    is_counted: bool = False
