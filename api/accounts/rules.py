"""What an address, a password and metadata must be, whoever sets them."""

import json
from collections.abc import Mapping

from email_validator import EmailNotValidError, validate_email
from pydantic import JsonValue

from zilliance.errors import AppError, InvalidInputError
from zilliance.passwords import MAX_LENGTH

# Both travel in every access token, which may be 8 kB long.
MAX_USER_METADATA = 4096
MAX_APP_METADATA = 1024
UNPROCESSABLE = 422


def read_address(text: str) -> str | None:
    """The one spelling of an e-mail address, or None for text that is none. Nothing is asked of the network."""
    try:
        # Addresses inside a house (`ada@intranet`) and of tests are as good as any: mail proves an address, not form.
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def address(text: str) -> str:
    """The one spelling of an e-mail address. Raises InvalidInputError."""
    found = read_address(text)
    if found is None:
        raise InvalidInputError(f'Email address "{text[:100]}" is invalid', code="email_address_invalid")
    return found


def check_password(password: str, *, shortest: int) -> None:
    """Raise AppError `weak_password` for a short password, InvalidInputError for one that is too long to be one."""
    if len(password) > MAX_LENGTH:
        raise InvalidInputError(f"Password cannot be longer than {MAX_LENGTH} characters", code="validation_failed")
    if len(password) < shortest:
        raise AppError(
            f"Password should be at least {shortest} characters.",
            status=UNPROCESSABLE,
            code="weak_password",
            details={"weak_password": {"reasons": ["length"]}},
        )


def merged(
    stored: Mapping[str, JsonValue], changes: Mapping[str, JsonValue], *, name: str, limit: int
) -> dict[str, JsonValue]:
    """Metadata after a change; null takes a key away. Raises InvalidInputError when it grows too large."""
    result: dict[str, JsonValue] = {key: value for key, value in {**stored, **changes}.items() if value is not None}
    size = len(json.dumps(result))
    if size > limit:
        message = f"{name} would take {size} bytes as JSON; at most {limit} fit, as it is part of every access token"
        raise InvalidInputError(message, code="validation_failed")
    return result


def no_phone(phone: str | None) -> None:
    """Raise InvalidInputError when somebody relies on a phone number: there is no provider of text messages."""
    if phone:
        raise InvalidInputError("Phone logins are disabled", code="phone_provider_disabled")
