"""The statements of one catalogue, made once a shape and kept while they are in use."""

from collections import OrderedDict

from api.rest import sql
from api.rest.catalogue import Catalogue
from api.rest.plan import Shape

MAX_STATEMENTS = 4096


class Statements:
    """The SQL of each shape that was asked for lately, over `catalogue`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._known: OrderedDict[Shape, str] = OrderedDict()

    def of(self, shape: Shape) -> str:
        """Raises InvalidInputError for a shape that the catalogue has no columns for."""
        known = self._known.get(shape)
        if known is not None:
            self._known.move_to_end(shape)
            return known
        relation = self.catalogue.relation(shape.schema, shape.relation)
        text = self._known[shape] = sql.statement(shape, relation)
        if len(self._known) > MAX_STATEMENTS:
            self._known.popitem(last=False)
        return text
