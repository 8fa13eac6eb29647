"""The conditions on one relation: comparisons, groups of them, and whether embedded relations have rows."""

from collections.abc import Iterable

from api.rest import failures
from api.rest.query import Embed, Group, Selected, Term
from api.rest.sql.comparisons import comparison
from api.rest.sql.draft import where
from api.rest.sql.matches import match
from api.rest.sql.source import Source


def filters(source: Source, terms: Iterable[Term], select: tuple[Selected, ...]) -> list[str]:
    """The terms as SQL, all of which must hold. What `select` embeds may be asked for by its key.

    Raises InvalidInputError for a column that is not there, and for an embedded relation that is compared.
    """
    embeds = {selected.key: selected for selected in select if isinstance(selected, Embed)}
    return [_term(source, term, embeds) for term in terms]


def needed(source: Source, select: tuple[Selected, ...]) -> list[str]:
    """That what is embedded with `!inner` has rows."""
    return [exists(source, each) for each in select if isinstance(each, Embed) and each.is_inner]


def exists(parent: Source, embed: Embed) -> str:
    """Whether any row is to be embedded, by the conditions on it."""
    found = match(parent, embed)
    conditions = [*found.conditions, *all_of(found.source, embed)]
    return f"EXISTS (SELECT FROM {found.tables}{where(conditions)})"


def all_of(source: Source, embed: Embed) -> list[str]:
    """The conditions on an embedded relation itself."""
    return filters(source, embed.where, embed.select) + needed(source, embed.select)


def _term(source: Source, term: Term, embeds: dict[str, Embed]) -> str:
    if isinstance(term, Group):
        return _group(source, term, embeds)
    embed = None if term.field.path else embeds.get(term.field.column)
    if embed is not None and term.operator == "is" and term.word in {"null", "not_null"}:
        is_there = (term.word == "not_null") is not term.negated
        return exists(source, embed) if is_there else f"NOT {exists(source, embed)}"
    if embed is not None and term.field.column not in source.relation.columns:
        raise failures.bad_embed_operator(term.field.column)
    return comparison(source, term)


def _group(source: Source, group: Group, embeds: dict[str, Embed]) -> str:
    inner = f" {group.word.upper()} ".join(_term(source, term, embeds) for term in group.terms)
    return f"NOT ({inner})" if group.negated else f"({inner})"
