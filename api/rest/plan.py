"""The shape of one request: all that its SQL depends on, and nothing that is bound. Equal shapes share a statement."""

from dataclasses import dataclass
from enum import Enum

from api.rest.query import EVERYTHING, Item, Ordering, Term


class Action(Enum):
    """What is done to the relation."""

    READ = "read"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class Returned(Enum):
    """What the answer shows of the rows."""

    ROWS = "representation"
    KEYS = "headers-only"
    NOTHING = "minimal"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What an insert does with a row that is there already."""

    columns: tuple[str, ...] | None
    merge: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of request.

    Attributes:
        role: the caller's: what `*` means depends on it.
        columns: what an insert or an update writes, taken from the bound document.
        is_paged: whether a number of rows to pass over is bound.
        is_counted: whether all matching rows are counted, too.
    """

    action: Action
    schema: str
    relation: str
    role: str
    select: tuple[Item, ...] = EVERYTHING
    where: tuple[Term, ...] = ()
    order: tuple[Ordering, ...] = ()
    columns: tuple[str, ...] = ()
    returned: Returned = Returned.ROWS
    conflict: Conflict | None = None
    is_paged: bool = False
    is_counted: bool = False
