"""The statements of one catalogue, made once a shape and kept while they are in use."""

from collections import OrderedDict

from api.rest import sql
from api.rest.catalogue import Catalogue
from api.rest.plan import Shape

MAX_STATEMENTS = 4096
MAX_KEPT_LENGTH = 4096  # longer ones are made anew: callers may think up as many of them as they like


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
        text = sql.statement(shape, relation)
        if len(text) > MAX_KEPT_LENGTH:
            return text
        self._known[shape] = text
        if len(self._known) > MAX_STATEMENTS:
            self._known.popitem(last=False)
        return text
