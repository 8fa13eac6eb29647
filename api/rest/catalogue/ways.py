"""The ways from each relation to others: by foreign keys, through junctions, and by functions of a row."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from api.rest.catalogue.entries import Function, Junction, Pairs, Relation, Relationship
from api.rest.catalogue.rows import ForeignKeyRow, KeyRow
from api.rest.query import Embed


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A relationship, and what requests may call it.

    Attributes:
        names: what finds it without a hint.
        hints: what finds it beside the target's name.
        is_loose: taken only where nothing else is meant.
        joins: what it compares. Of two ways, the one that compares more implies the other.
        hint, cardinality, using: how it is described to a caller who must choose.
    """

    relationship: Relationship
    names: frozenset[str]
    hints: frozenset[str] = frozenset()
    is_loose: bool = False
    joins: frozenset[tuple[str, ...]] = frozenset()
    hint: str = ""
    cardinality: str = ""
    using: str = ""

    def is_meant_by(self, embed: Embed) -> bool:
        if self.relationship.function is not None or embed.hint is None:
            return embed.name in self.names
        return embed.name == self.relationship.target.name and embed.hint in self.hints


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """A relation that shows columns of a table: the table itself or a view. `columns` maps numbers to its own names."""

    relation: Relation
    is_view: bool
    columns: Mapping[int, str]

    def names(self, numbers: Iterable[int]) -> tuple[str, ...] | None:
        """The names of those columns, or None when one is not shown."""
        names = tuple(self.columns.get(number, "") for number in numbers)
        return names if all(names) else None


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A foreign key between two relations that show all its columns. `pairs` are (child's column, parent's column)."""

    key: ForeignKeyRow
    child: Appearance
    parent: Appearance
    pairs: Pairs
    is_unique: bool


def edges(
    foreign_keys: Iterable[ForeignKeyRow],
    keys: Mapping[int, Sequence[KeyRow]],
    appearances: Mapping[int, Sequence[Appearance]],
) -> list[Edge]:
    """Every foreign key as often as it can be followed within one schema."""
    found: list[Edge] = []
    for key in foreign_keys:
        columns = set(key["columns"])
        is_unique = any(columns.issuperset(unique["columns"]) for unique in keys.get(key["child"], ()))
        for child, parent in product(appearances.get(key["child"], ()), appearances.get(key["parent"], ())):
            ours, theirs = child.names(key["columns"]), parent.names(key["referenced"])
            if ours and theirs and child.relation.schema == parent.relation.schema:
                found.append(Edge(key, child, parent, tuple(zip(ours, theirs, strict=True)), is_unique))
    return found


def ways(found: Iterable[Edge], keys: Mapping[int, Sequence[KeyRow]]) -> dict[Relation, list[Way]]:
    """All ways along the edges, by the relation where they begin."""
    starting: dict[Relation, list[Way]] = defaultdict(list)
    leaving: dict[Relation, list[Edge]] = defaultdict(list)
    for edge in found:
        starting[edge.child.relation].append(_to_parent(edge))
        starting[edge.parent.relation].append(_to_children(edge))
        leaving[edge.child.relation].append(edge)
    for siblings in leaving.values():
        for here, there in product(siblings, siblings):
            way = _through(here, there, keys)
            if way is not None:
                starting[here.parent.relation].append(way)
    return starting


def _to_parent(edge: Edge) -> Way:
    """The column names it as well as the table does; of a relation's own parent nothing else does.

    A composite key is called by its first column: the rest tells tenants apart.
    """
    target = edge.parent.relation
    column, referenced = edge.pairs[0]
    is_own = edge.child.relation is target
    names = set[str]() if edge.parent.is_view and not is_own else {column, edge.key["name"]}
    return Way(
        Relationship(target, is_list=False, columns=edge.pairs),
        names=frozenset(names if is_own else {*names, target.name}),
        hints=frozenset() if is_own else frozenset({edge.key["name"], column, referenced}),
        joins=frozenset((target.name, *pair) for pair in edge.pairs),
        hint=edge.key["name"],
        cardinality="one-to-one" if edge.is_unique else "many-to-one",
        using=_described(edge.key["name"], edge.child.relation, target, edge.pairs),
    )


def _to_children(edge: Edge) -> Way:
    target = edge.child.relation
    column, referenced = edge.pairs[0]
    pairs = tuple((parent, child) for child, parent in edge.pairs)
    is_own = edge.parent.relation is target
    hints = {edge.key["name"], column} if is_own else {edge.key["name"], column, referenced}
    return Way(
        Relationship(target, is_list=not edge.is_unique, columns=pairs),
        names=frozenset({target.name} if edge.child.is_view or is_own else {target.name, edge.key["name"]}),
        hints=frozenset(hints),
        joins=frozenset((target.name, *pair) for pair in pairs),
        hint=edge.key["name"],
        cardinality="one-to-one" if edge.is_unique else "one-to-many",
        using=_described(edge.key["name"], edge.parent.relation, target, pairs),
    )


def _described(constraint: str, parent: Relation, target: Relation, pairs: Pairs) -> str:
    ours, theirs = (", ".join(names) for names in zip(*pairs, strict=True))
    return f"{constraint} using {parent.name}({ours}) and {target.name}({theirs})"


def _through(here: Edge, there: Edge, keys: Mapping[int, Sequence[KeyRow]]) -> Way | None:
    """From the parent of one edge to that of another, where a key of the junction tells pairs of them apart."""
    parent, target, junction = here.parent.relation, there.parent.relation, here.child
    if parent is target or here.key["child"] != there.key["child"]:
        return None
    telling = _telling(here.key["columns"], there.key["columns"], keys.get(here.key["child"], ()))
    if telling is None:
        return None
    to_junction = tuple((referenced, column) for column, referenced in here.pairs)
    name = junction.relation.name
    sides = [f"{edge.key['name']}({', '.join(column for column, _ in edge.pairs)})" for edge in (here, there)]
    return Way(
        Relationship(target, is_list=True, junction=Junction(junction.relation, to_junction, there.pairs)),
        names=frozenset({target.name}),
        hints=frozenset({name}),
        is_loose=junction.is_view or not telling["primary"],
        joins=frozenset({(name, "parent", *pair) for pair in to_junction} | {(name, *pair) for pair in there.pairs}),
        hint=name,
        cardinality="many-to-many",
        using=f"{name} using {sides[0]} and {sides[1]}",
    )


def _telling(ours: list[int], theirs: list[int], keys: Iterable[KeyRow]) -> KeyRow | None:
    """The unique key that has all in which two foreign keys differ, or at least their first columns."""
    if not (set(ours) - set(theirs) and set(theirs) - set(ours)):
        return None
    differing, leading = set(ours) ^ set(theirs), {ours[0], theirs[0]}
    for key in keys:
        if differing.issubset(key["columns"]) or (len(leading) > 1 and leading.issubset(key["columns"])):
            return key
    return None


def computed(function: Function, *, is_single: bool) -> Way:
    """The way that a function of a row is."""
    return Way(
        Relationship(function.result, is_list=not is_single, function=function), names=frozenset({function.name})
    )
