"""`select`: columns, aggregates and the relations embedded in each row."""

import re
from functools import lru_cache
from typing import NamedTuple

from api.rest import failures
from api.rest.grammar.reader import Reader
from api.rest.query import EVERYTHING, Embed, Field, Item, Selected

MAX_ITEMS = 500
MAX_EMBEDS = 50
MAX_EMBED_DEPTH = 8

_CAST = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*(?:\[\])?")
_AGGREGATE = re.compile(r"\.(sum|avg|count|max|min)\(\)")
_JOINS = frozenset({"inner", "left"})


class Selection(NamedTuple):
    """A parsed `select`, and the names by which other parameters speak of its embedded relations."""

    items: tuple[Selected, ...]
    embeds: frozenset[str]


EVERY_COLUMN = Selection(EVERYTHING, frozenset())


@lru_cache(maxsize=256)
def parse_selection(text: str) -> Selection:
    """Read `*`, `alias:column->path::type`, `column.sum()` and `alias:relation!hint!inner(…)`, with commas between."""
    items = _Selecting(text).everything()
    return Selection(items, frozenset(item.key for item in items if isinstance(item, Embed)))


def has_aggregates(select: tuple[Selected, ...]) -> bool:
    """Whether rows are aggregated, here or in an embedded relation."""
    if select is EVERYTHING:
        return False
    return any(
        has_aggregates(item.select) if isinstance(item, Embed) else item.aggregate is not None for item in select
    )


class _Selecting:
    """One pass over a `select`, which counts what it finds."""

    def __init__(self, text: str) -> None:
        self._reader = Reader("select parameter", text)
        self._items = 0
        self._embeds = 0

    def everything(self) -> tuple[Selected, ...]:
        items = self._list(depth=0)
        self._reader.end('"," or end of input')
        return items

    def _list(self, depth: int) -> tuple[Selected, ...]:
        items = [self._selected(depth)]
        while self._reader.takes(","):
            items.append(self._selected(depth))
        return tuple(items)

    def _selected(self, depth: int) -> Selected:
        self._items += 1
        if self._items > MAX_ITEMS:
            raise failures.invalid_url(f"select has more than {MAX_ITEMS} entries")
        reader = self._reader
        reader.space()
        if reader.takes("..."):
            selected = self._embed(reader.name(), None, depth, is_spread=True)
        elif reader.takes("*"):
            selected = Item(None)
        else:
            selected = self._named(depth)
        reader.space()
        return selected

    def _named(self, depth: int) -> Selected:
        reader = self._reader
        alias, name = None, reader.name()
        if not reader.sees("::") and reader.takes(":"):
            alias, name = name, reader.name()
        if name == "count" and reader.takes("()"):
            return Item(None, alias, aggregate="count", aggregate_cast=self._cast())
        if reader.sees("(") or reader.sees("!"):
            return self._embed(name, alias, depth, is_spread=False)
        return self._column(Field(name, reader.path()), alias)

    def _column(self, field: Field, alias: str | None) -> Item:
        cast = self._cast()
        if self._reader.sees("."):
            aggregate = self._reader.match(_AGGREGATE, '".sum()", ".avg()", ".count()", ".max()" or ".min()"').group(1)
            return Item(field, alias, cast, aggregate, self._cast())
        if alias is None and field.path:
            alias = next((step.key for step in reversed(field.path) if not step.is_index), field.column)
        return Item(field, alias, cast)

    def _cast(self) -> str | None:
        if not self._reader.takes("::"):
            return None
        return self._reader.match(_CAST, "the name of a type").group().strip().lower()

    def _embed(self, name: str, alias: str | None, depth: int, *, is_spread: bool) -> Embed:
        self._embeds += 1
        if self._embeds > MAX_EMBEDS:
            raise failures.invalid_url(f"select embeds more than {MAX_EMBEDS} relations")
        if depth >= MAX_EMBED_DEPTH:
            raise failures.invalid_url(f"select embeds relations more than {MAX_EMBED_DEPTH} deep")
        hint, join = self._join()
        select = self._inner(depth + 1)
        return Embed(name, alias, hint, is_inner=join == "inner", is_spread=is_spread, select=select)

    def _join(self) -> tuple[str | None, str | None]:
        """What follows the name: at most one hint and one kind of join, in either order."""
        reader = self._reader
        hint, join = None, None
        while reader.takes("!"):
            start = reader.at
            is_join = not reader.sees('"')
            word = reader.name()
            if is_join and word in _JOINS and join is None:
                join = word
            elif hint is None and not (is_join and word in _JOINS):
                hint = word
            else:
                reader.at = start - 1
                break
        return hint, join

    def _inner(self, depth: int) -> tuple[Selected, ...]:
        reader = self._reader
        reader.expect("(")
        reader.space()
        if reader.takes(")"):
            return ()
        items = self._list(depth)
        reader.expect(")", '"," or ")"')
        return items
