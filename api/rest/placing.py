"""What a PUT must be: the whole primary key in the URL, each part with `eq`, and one row that has the same key."""

from typing import Any

import orjson

from api.rest import failures
from api.rest.catalogue import Relation
from api.rest.documents import Document
from api.rest.query import Condition, Target, Term


def check(target: Target, relation: Relation, document: Document) -> None:
    """Raises AppError for another request than that."""
    if target.limit is not None or target.offset:
        raise failures.paged_put()
    key = dict(_equality(term) for term in target.where)
    if len(key) != len(target.where) or key.keys() != set(relation.key):
        raise failures.put_without_key()
    if document.rows != 1:
        raise failures.invalid_body("A PUT takes exactly one object")
    for name, at in key.items():
        if _text(document.first.get(name)) != target.values[at]:
            raise failures.put_of_another_key()


def _equality(term: Term) -> tuple[str, int]:
    """The column that is compared, and the place of the value."""
    if not isinstance(term, Condition) or term.operator != "eq" or term.negated or term.modifier or term.field.path:
        raise failures.put_without_key()
    return term.field.column, term.at


def _text(value: Any) -> str | None:
    """A value of JSON as a URL would write it."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
