"""From a shape to the text of its one statement. Names are quoted, values are bound, JSON is made by PostgreSQL.

Every value is bound as text and cast by name, so the text depends on the shape alone and the driver keeps one
prepared statement for it. Besides the words of the language there stand in it only names of the catalogue and names
that the caller gives to columns, both quoted, and keys of JSON documents as literals.
"""

from api.rest.catalogue import Catalogue
from api.rest.plan import Action, Shape
from api.rest.sql import calls, reads, writes
from api.rest.sql.draft import Draft

_KINDS = {
    Action.READ: reads.read,
    Action.INSERT: writes.write,
    Action.UPDATE: writes.write,
    Action.DELETE: writes.write,
    Action.CALL: calls.call,
}


def statement(shape: Shape, catalogue: Catalogue) -> str:
    """The SQL of a shape: one row of `body`, `rows` and, where asked for, `total` and `fresh`.

    Raises AppError for what the catalogue has not, and for what cannot be asked.
    """
    draft = Draft(catalogue, shape.role, shape.values)
    return draft.finished(_KINDS[shape.action](draft, shape))
