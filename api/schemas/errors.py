"""What refusals look like, for OpenAPI."""

from typing import Any

from pydantic import BaseModel, JsonValue


class Refusal(BaseModel):
    """The envelope of every error; `details` is what else is known, mostly an object."""

    error: str
    message: str
    code: str
    details: JsonValue = None


class AuthRefusal(Refusal):
    """As the clients of accounts read it."""

    error_code: str
    msg: str


_MEANINGS = {
    400: "Something in the request cannot be",
    401: "No key, or one that is not valid; or sign in first",
    403: "The caller may not do this",
    404: "There is none, or none of the caller's",
    405: "There is one, but not for this method; `Allow` names those it takes",
    408: "The rest of the body did not come in time",
    409: "It does not go with how things stand",
    413: "The body is too large",
    422: "The account service refuses it",
    429: "Too often, or too much at once; try again after `Retry-After`",
    502: "What it is passed on to cannot be reached, must not be called, or answers no valid HTTP",
    503: "Something that this needs is down; try again after `Retry-After`",
    504: "What it is passed on to did not answer in time",
}


def refusals(*statuses: int, model: type[Refusal] = Refusal) -> dict[int | str, dict[str, Any]]:
    """The `responses` of operations that may refuse with these statuses."""
    return {status: {"model": model, "description": _MEANINGS[status]} for status in statuses}
