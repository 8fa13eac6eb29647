"""The statements of one catalogue, made once a shape and kept while they are in use."""

from collections import OrderedDict

from api.rest import sql
from api.rest.catalogue import Catalogue
from api.rest.plan import Shape

# Callers may think up as many statements as they like, and a shape takes ten times the memory of its text.
MAX_KEPT = 2 * 1024 * 1024  # characters in all: 4,000 statements as they are asked for usually
MAX_KEPT_LENGTH = 8192  # longer ones are made anew


class Statements:
    """The SQL of each shape that was asked for lately, over `catalogue`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._known: OrderedDict[Shape, str] = OrderedDict()
        self._kept = 0

    def of(self, shape: Shape) -> str:
        """Raises AppError for a shape that the catalogue has not what it needs for."""
        known = self._known.get(shape)
        if known is not None:
            self._known.move_to_end(shape)
            return known
        text = sql.statement(shape, self.catalogue)
        if len(text) > MAX_KEPT_LENGTH:
            return text
        self._known[shape] = text
        self._kept += len(text)
        while self._kept > MAX_KEPT:
            self._kept -= len(self._known.popitem(last=False)[1])
        return text
