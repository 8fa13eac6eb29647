"""The catalogue: finds what a request names among what there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.rest import failures
from api.rest.catalogue.entries import Function, Relation, Relationship
from api.rest.catalogue.ways import Way
from api.rest.query import Embed


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The relations and functions of the exposed schemas at one moment, and the ways between relations.

    Attributes:
        overloads: the functions of each schema and name.
        ways: where each relation leads.
        computations: for each relation, the functions that compute a column of it, by name.
    """

    relations: Mapping[tuple[str, str], Relation]
    overloads: Mapping[tuple[str, str], tuple[Function, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[Function, ...]]
    )
    ways: Mapping[Relation, Sequence[Way]] = field(default_factory=dict[Relation, Sequence[Way]])
    computations: Mapping[Relation, Mapping[str, Function]] = field(
        default_factory=dict[Relation, Mapping[str, Function]]
    )

    def relation(self, schema: str, name: str) -> Relation:
        """Raises NotFoundError for a relation that is not there."""
        found = self.relations.get((schema, name))
        if found is None:
            raise failures.unknown_table(schema, name, (known for where, known in self.relations if where == schema))
        return found

    def functions(self, schema: str, name: str) -> tuple[Function, ...]:
        """All functions of that name, which differ in their parameters; none is an empty tuple."""
        return self.overloads.get((schema, name), ())

    def relationship(self, parent: Relation, embed: Embed) -> Relationship:
        """The one way from `parent` that `embed` means.

        Raises InvalidInputError PGRST200 where there is none, AppError PGRST201 (300) where there are several.
        """
        ways = self.ways.get(parent, ())
        found = _narrowed([way for way in ways if way.is_meant_by(embed)])
        if not found:
            known = {way.relationship.target.name for way in ways if way.relationship.function is None}
            raise failures.no_relationship(parent.schema, parent.name, embed.name, embed.hint, known)
        if len(found) > 1:
            raise failures.ambiguous_relationship(
                parent.name,
                embed.name,
                [(way.relationship.target.name, way.hint, way.cardinality, way.using) for way in found],
            )
        return found[0].relationship

    def computed(self, relation: Relation, name: str) -> Function | None:
        """The function that computes a column of that name from a row of the relation."""
        return self.computations.get(relation, {}).get(name)


def _narrowed(ways: list[Way]) -> list[Way]:
    """Those that remain when a function stands for what it overrides, and a way for those that it implies."""
    if len(ways) <= 1:
        return ways
    computed = [way for way in ways if way.relationship.function is not None]
    ways = computed or [way for way in ways if not way.is_loose] or ways
    ways = [way for way in ways if not any(way.joins < other.joins for other in ways)]
    return list({way.joins: way for way in reversed(ways)}.values())[::-1]
