"""`order`: by which fields rows are sorted."""

import re
from functools import lru_cache

from api.rest import failures
from api.rest.grammar.reader import Reader
from api.rest.query import Field, Ordering

MAX_ORDERINGS = 100

_DIRECTION = re.compile(r"\.(asc|desc)(?![^.,])")
_NULLS = re.compile(r"\.nulls(first|last)(?![^.,])")


@lru_cache(maxsize=256)
def parse_order(text: str) -> tuple[Ordering, ...]:
    """Read `column.desc.nullslast` and `relation(column).asc`, with commas between."""
    reader = Reader("order", text)
    terms = [_ordering(reader)]
    while reader.takes(","):
        if len(terms) == MAX_ORDERINGS:
            raise failures.invalid_url(f"order has more than {MAX_ORDERINGS} entries")
        terms.append(_ordering(reader))
    return tuple(terms)


def _ordering(reader: Reader) -> Ordering:
    field, embed = _field(reader)
    direction = reader.found(_DIRECTION)
    nulls = reader.found(_NULLS)
    if not reader.done and not reader.sees(","):
        raise reader.wrong(_expected(has_direction=direction is not None, has_nulls=nulls is not None))
    return Ordering(field, direction[1] if direction else "", nulls[1] if nulls else "", embed)


def _field(reader: Reader) -> tuple[Field, str | None]:
    """A field, and the embedded relation that has it if it is not the row itself."""
    field = reader.field()
    if field.path or not reader.takes("("):
        return field, None
    inner = reader.field()
    reader.expect(")")
    reader.space()
    return inner, field.column


def _expected(*, has_direction: bool, has_nulls: bool) -> str:
    words = [] if has_direction or has_nulls else ['".asc"', '".desc"']
    words += [] if has_nulls else ['".nullsfirst"', '".nullslast"']
    return ", ".join([*words, '","']) + " or end of input"
