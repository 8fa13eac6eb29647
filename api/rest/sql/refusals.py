"""What a shape may not ask of the catalogue, in the codes and words that the official clients know."""

from zilliance.errors import InvalidInputError, NotFoundError

_NOT_IMPLEMENTED = "PGRST127"


def unknown_cast(name: str, known: list[str]) -> InvalidInputError:
    return InvalidInputError(
        f'type "{name[:64]}" does not exist', code="42704", hint=f"select casts to one of {', '.join(known)}"
    )


def related_order_of_list(parent: str, name: str) -> InvalidInputError:
    return InvalidInputError(
        f"A related order on '{name}' is not possible",
        code="PGRST118",
        details=f"'{parent}' and '{name}' do not form a many-to-one or one-to-one relationship",
    )


def aggregate_of_spread_list() -> InvalidInputError:
    return InvalidInputError(
        "Feature not implemented",
        code=_NOT_IMPLEMENTED,
        details="Aggregates are not implemented for one-to-many or many-to-many spreads.",
    )


def limited_without_key(name: str) -> InvalidInputError:
    return InvalidInputError(
        f"A limited change of '{name}' needs a primary key, which it has not",
        code=_NOT_IMPLEMENTED,
        hint="Leave out `limit` and `offset`, and say by filters which rows are meant",
    )


def unknown_function(schema: str, name: str) -> NotFoundError:
    return NotFoundError(f"Could not find the function {schema}.{name} in the schema cache", code="PGRST202")
