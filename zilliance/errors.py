"""Errors that reach a caller: each knows its status and code; `api.errors` renders them, once."""

from collections.abc import Mapping
from typing import Any


class AppError(Exception):
    """An answer other than success.

    Attributes:
        status: the HTTP status.
        code: a constant a program can branch on.
        message: one sentence for a person: what was wrong, where, and what to do.
        details: anything more, JSON-ready.
        headers: extra response headers, such as `Retry-After`.
    """

    status = 500
    code = "INTERNAL_ERROR"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        details: Any = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.details = details
        self.hint = hint
        self.headers = dict(headers or {})


class InvalidInputError(AppError):
    """The request says something that cannot be done as said."""

    status = 400
    code = "INVALID_INPUT"


class UnauthorizedError(AppError):
    """No credential, or one that is not valid."""

    status = 401
    code = "UNAUTHORIZED"


class ForbiddenError(AppError):
    """A valid credential that may not do this."""

    status = 403
    code = "FORBIDDEN"


class NotFoundError(AppError):
    """No such thing, or none that the caller may see: the two are never told apart."""

    status = 404
    code = "NOT_FOUND"


class ConflictError(AppError):
    """The thing is not in a state that allows this."""

    status = 409
    code = "CONFLICT"


class TooLargeError(AppError):
    """More bytes than are taken here."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"


class RateLimitedError(AppError):
    """Too often; `Retry-After` says when."""

    status = 429
    code = "RATE_LIMITED"


class UnavailableError(AppError):
    """A part that this needs is down; `Retry-After` says when to try again."""

    status = 503
    code = "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after: int = 2, **rest: Any) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)}, **rest)


class BusyError(UnavailableError):
    """The gateway has no room for one more request just now; nothing of it was passed on."""

    code = "GATEWAY_BUSY"

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=1)


class StoppingError(UnavailableError):
    """The process that had the request stops, and another will take it."""

    code = "STOPPING"

    def __init__(self) -> None:
        super().__init__("This process of the API stops; try again at once", retry_after=1)
