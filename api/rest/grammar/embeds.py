"""What other parameters say about the relations that `select` embeds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from api.rest import failures
from api.rest.query import Condition, Embed, Ordering, Selected, Term

Path = tuple[str, ...]
_EXISTENCE = frozenset({"null", "not_null"})


@dataclass(slots=True)
class Parameters:
    """All that a URL says about one embedded relation; -1 is no limit, and no offset."""

    where: list[Term] = field(default_factory=list[Term])
    order: tuple[Ordering, ...] = ()
    limit: int = -1
    offset: int = -1


def merged(select: tuple[Selected, ...], parameters: Mapping[Path, Parameters]) -> tuple[Selected, ...]:
    """The tree of `select` with the parameters at their relations. Raises AppError for a path that leads nowhere."""
    by_key: dict[str, dict[Path, Parameters]] = {}
    for path, each in parameters.items():
        by_key.setdefault(path[0], {})[path[1:]] = each
    items = tuple(
        _merged(item, by_key.pop(item.key)) if isinstance(item, Embed) and item.key in by_key else item
        for item in select
    )
    for key in by_key:
        raise failures.not_embedded(key)
    return items


def check(embeds: frozenset[str], where: Iterable[Term], order: Iterable[Ordering]) -> None:
    """Refuse to sort by a relation that is not embedded, and to compare one that is with anything but null."""
    for ordering in order:
        if ordering.embed is not None and ordering.embed not in embeds:
            raise failures.not_embedded(ordering.embed)
    if embeds:
        for term in where:
            _check_term(embeds, term)


def _merged(embed: Embed, parameters: dict[Path, Parameters]) -> Embed:
    own = parameters.pop((), None) or Parameters()
    check(frozenset(item.key for item in embed.select if isinstance(item, Embed)), own.where, own.order)
    return replace(
        embed,
        select=merged(embed.select, parameters) if parameters else embed.select,
        where=tuple(own.where),
        order=own.order,
        limit=own.limit,
        offset=own.offset,
    )


def _check_term(embeds: frozenset[str], term: Term) -> None:
    if not isinstance(term, Condition):
        for each in term.terms:
            _check_term(embeds, each)
    elif term.field.column in embeds and not term.field.path and term.word not in _EXISTENCE:
        raise failures.bad_embed_operator(term.field.column)
