"""The refusals of the data API, in the codes and words that the official clients know."""

from collections.abc import Iterable
from difflib import get_close_matches

from zilliance.errors import AppError, InvalidInputError, NotFoundError

INVALID_JSON = "PGRST102"


def unparsable(what: str, text: str, position: int, expected: str) -> InvalidInputError:
    """A part of the URL that does not follow the grammar; says where it stops making sense."""
    found = f'unexpected "{text[position]}"' if position < len(text) else "unexpected end of input"
    return InvalidInputError(
        f'"failed to parse {what} ({_shortened(text)})" (line 1, column {position + 1})',
        code="PGRST100",
        details=f"{found} expecting {expected}",
    )


def invalid_url(message: str, details: str | None = None) -> InvalidInputError:
    return InvalidInputError(message, code="PGRST100", details=details)


def uri_too_long(limit: int) -> AppError:
    return AppError(f"The query of the URL is longer than {limit} bytes", status=414, code="URI_TOO_LONG")


def invalid_body(details: str, hint: str | None = None) -> InvalidInputError:
    return InvalidInputError("Empty or invalid json", code=INVALID_JSON, details=details, hint=hint)


def unknown_table(schema: str, name: str, known: Iterable[str]) -> NotFoundError:
    near = get_close_matches(name[:64], list(known), n=1)
    return NotFoundError(
        f"Could not find the table '{schema}.{_shortened(name)}' in the schema cache",
        code="PGRST205",
        hint=f"Perhaps you meant the table '{schema}.{near[0]}'" if near else None,
    )


def unknown_column(table: str, column: str) -> InvalidInputError:
    """A column that a filter, an order or a select names: PostgreSQL's own words."""
    return InvalidInputError(f"column {table}.{_shortened(column)} does not exist", code="42703")


def unknown_payload_column(table: str, column: str) -> InvalidInputError:
    return InvalidInputError(
        f"Could not find the '{_shortened(column)}' column of '{table}' in the schema cache", code="PGRST204"
    )


def unknown_schema(schema: str, exposed: Iterable[str]) -> AppError:
    return AppError(
        f"Invalid schema: {_shortened(schema)}",
        status=406,
        code="PGRST106",
        hint=f"Only the following schemas are exposed: {', '.join(exposed)}",
    )


def method_not_allowed(method: str) -> AppError:
    allowed = {"Allow": "GET, HEAD, POST, PATCH, DELETE, OPTIONS"}
    return AppError(f"Unsupported HTTP method: {method}", status=405, code="PGRST117", headers=allowed)


def not_acceptable(accept: str) -> AppError:
    return AppError(
        f"None of these media types are available: {_shortened(accept)}",
        status=406,
        code="PGRST107",
        hint="application/json and application/vnd.pgrst.object+json are answered",
    )


def not_single(rows: int) -> AppError:
    return AppError(
        "Cannot coerce the result to a single JSON object",
        status=406,
        code="PGRST116",
        details=f"The result contains {rows} rows",
    )


def unsatisfiable_range(details: str) -> AppError:
    return AppError("Requested range not satisfiable", status=416, code="PGRST103", details=details)


def unfiltered(verb: str) -> InvalidInputError:
    """A change of every row is a slip far more often than a wish."""
    return InvalidInputError(
        f"{verb} requires a WHERE clause",
        code="21000",
        hint="Add a filter; `id=not.is.null` says that all rows are meant",
    )


def unknown_preferences(names: Iterable[str]) -> InvalidInputError:
    return InvalidInputError(
        "Invalid preferences given with handling=strict",
        code="PGRST122",
        details=f"Invalid preferences: {', '.join(names)}",
    )


def too_many_affected(rows: int) -> InvalidInputError:
    return InvalidInputError(
        "Query result exceeds max-affected preference constraint",
        code="PGRST124",
        details=f"The query affects {rows} rows",
    )


def _shortened(text: str) -> str:
    longest = 200
    return text if len(text) <= longest else text[:longest] + "…"
