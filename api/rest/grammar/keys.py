"""The names of parameters: a field to filter by, a group of conditions, or one that speaks of an embedded relation."""

from functools import lru_cache
from typing import NamedTuple

from api.rest.grammar.reader import Reader
from api.rest.grammar.selection import MAX_EMBED_DEPTH
from api.rest.query import Field

_NOWHERE = Field("")
_GROUPS = frozenset({"and", "or"})
_PAGES = frozenset({"order", "limit", "offset"})


class Key(NamedTuple):
    """A parameter's name.

    Attributes:
        path: from the root to the embedded relation it speaks of; empty for the root itself.
        word: and, or, order, limit or offset; empty for a condition on `field`.
        negated: of a group.
    """

    path: tuple[str, ...]
    word: str
    field: Field
    negated: bool = False


_ROOT_GROUPS = {
    "and": Key((), "and", _NOWHERE),
    "or": Key((), "or", _NOWHERE),
    "not.and": Key((), "and", _NOWHERE, negated=True),
    "not.or": Key((), "or", _NOWHERE, negated=True),
}


@lru_cache(maxsize=1024)
def parse_key(key: str) -> Key:
    """Read `column->path`, `relation.column`, `relation.not.or`, `relation.order` and the like."""
    if key in _ROOT_GROUPS:
        return _ROOT_GROUPS[key]
    start, dot, word = key.rpartition(".")
    if dot and word in _GROUPS:
        return Key(_path("logic path", start.removesuffix(".not")), word, _NOWHERE, start.endswith(".not"))
    if dot and word in _PAGES:
        return Key(_path("tree path", start), word, _NOWHERE)
    return _condition_key(key)


def _path(what: str, text: str) -> tuple[str, ...]:
    reader = Reader(what, text)
    names = reader.names(".", MAX_EMBED_DEPTH)
    reader.end('"." or end of input')
    return tuple(names)


def _condition_key(key: str) -> Key:
    reader = Reader("tree path", key)
    *path, name = reader.names(".", MAX_EMBED_DEPTH + 1)
    field = Field(name, reader.path())
    reader.end('"->", "->>" or end of input' if field.path else '".", "->", "->>" or end of input')
    return Key(tuple(path), "", field)
