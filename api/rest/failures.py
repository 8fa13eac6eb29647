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


def header_too_long(name: str, limit: int) -> AppError:
    return AppError(f"The header {name} is longer than {limit} characters", status=431, code="HEADER_TOO_LONG")


def invalid_body(message: str, hint: str | None = None) -> InvalidInputError:
    return InvalidInputError(message, code=INVALID_JSON, hint=hint)


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
    allowed = {"Allow": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}
    return AppError(f"Unsupported HTTP method: {method}", status=405, code="PGRST117", headers=allowed)


def not_embedded(name: str) -> InvalidInputError:
    """A parameter that speaks of a relation which `select` does not embed."""
    return InvalidInputError(
        f"'{_shortened(name)}' is not an embedded resource in this request",
        code="PGRST108",
        hint=f"Verify that '{_shortened(name)}' is included in the 'select' query parameter.",
    )


def bad_embed_operator(name: str) -> InvalidInputError:
    return InvalidInputError(
        f"Bad operator on the '{_shortened(name)}' embedded resource",
        code="PGRST120",
        details="Only is null or not is null filters are allowed on embedded resources",
    )


def not_acceptable(accept: str) -> AppError:
    return AppError(
        f"None of these media types are available: {_shortened(accept)}",
        status=406,
        code="PGRST107",
        hint="application/json, application/vnd.pgrst.object+json and text/csv are answered",
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


def no_relationship(schema: str, parent: str, target: str, hint: str | None, known: Iterable[str]) -> InvalidInputError:
    """`known` are the relations that `parent` does lead to."""
    parent, target = _shortened(parent), _shortened(target)
    using = f" using the hint '{_shortened(hint)}'" if hint else ""
    names = list(known)
    near = [] if target in names else get_close_matches(target[:64], names, n=1)
    return InvalidInputError(
        f"Could not find a relationship between '{parent}' and '{target}' in the schema cache",
        code="PGRST200",
        details=f"Searched for a foreign key relationship between '{parent}' and '{target}'{using}"
        f" in the schema '{schema}', but no matches were found.",
        hint=f"Perhaps you meant '{near[0]}' instead of '{target}'." if near else None,
    )


def ambiguous_relationship(parent: str, name: str, found: Iterable[tuple[str, str, str, str]]) -> AppError:
    """`found` has of each relationship its target, the hint that means it, its cardinality and what it goes by."""
    found = list(found)
    choices = ", ".join(f"'{target}!{hint}'" for target, hint, _, _ in found)
    return AppError(
        f"Could not embed because more than one relationship was found for '{parent}' and '{_shortened(name)}'",
        status=300,
        code="PGRST201",
        details=[
            {"cardinality": cardinality, "embedding": f"{parent} with {target}", "relationship": using}
            for target, _, cardinality, using in found
        ],
        hint=f"Try changing '{_shortened(name)}' to one of the following: {choices}."
        " Find the desired relationship in the 'details' key.",
    )


def _shortened(text: str) -> str:
    longest = 200
    return text if len(text) <= longest else text[:longest] + "…"


def unreadable(media: str) -> InvalidInputError:
    return InvalidInputError(f"Content-Type not acceptable: {media}", code=INVALID_JSON)


def aggregates_disabled() -> InvalidInputError:
    return InvalidInputError("Use of aggregate functions is not allowed", code="PGRST123")


def not_a_method_of_functions(method: str) -> AppError:
    allowed = {"Allow": "GET, HEAD, POST, OPTIONS"}
    return AppError(f"Cannot use the {method} method on RPC", status=405, code="PGRST101", headers=allowed)


def invalid_path() -> NotFoundError:
    return NotFoundError("Invalid path specified in request URL", code="PGRST125")


def paged_put() -> InvalidInputError:
    return InvalidInputError("limit/offset querystring parameters are not allowed for PUT", code="PGRST114")


def put_without_key() -> AppError:
    return AppError(
        "Filters must include all and only primary key columns with 'eq' operators", status=405, code="PGRST105"
    )


def put_of_another_key() -> InvalidInputError:
    return InvalidInputError("Payload values do not match URL in primary key column(s)", code="PGRST115")


def bad_response_headers() -> AppError:
    return AppError(
        "response.headers guc must be a JSON array composed of objects with a single key and a string value",
        code="PGRST111",
    )


def bad_response_status() -> AppError:
    return AppError("response.status guc must be a valid status code", code="PGRST112")


def unbounded_function() -> InvalidInputError:
    return InvalidInputError(
        "Function must return SETOF or TABLE when max-affected preference is used with handling=strict",
        code="PGRST128",
    )


def ambiguous_function(signatures: Iterable[str]) -> AppError:
    return AppError(
        f"Could not choose the best candidate function between: {', '.join(signatures)}",
        status=300,
        code="PGRST203",
        hint="Try renaming the parameters or the function itself in the database so function overloading can be"
        " resolved",
    )


def unknown_function(
    schema: str, name: str, arguments: list[str], *, unnamed: str | None, is_whole: bool, hint: str | None
) -> NotFoundError:
    """`unnamed` is the type that one parameter without a name could have; with `is_whole` nothing else would do."""
    function = f"{schema}.{_shortened(name)}"
    listed = _shortened(", ".join(arguments))
    shown, searched = "", ""
    if not is_whole:
        shown = f"({listed})" if arguments else " without parameters"
        plural = "s" if len(arguments) > 1 else ""
        searched = f" with parameter{plural} {listed}" if arguments else " without parameters"
    if unnamed:
        searched += f"{' or' if searched else ''} with a single unnamed {unnamed} parameter"
    return NotFoundError(
        f"Could not find the function {function}{shown} in the schema cache",
        code="PGRST202",
        details=f"Searched for the function {function}{searched}, but no matches were found in the schema cache.",
        hint=f"Perhaps you meant to call the function {hint}" if hint else None,
    )
