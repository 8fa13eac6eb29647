"""What callers of the gateway are answered where they may not pass."""

from collections.abc import Sequence
from math import ceil

from api.gateway.limits import Limit
from zilliance.errors import AppError, ForbiddenError, NotFoundError, RateLimitedError, UnauthorizedError

_WHOSE = {"key": "this key", "endpoint": "this endpoint", "day": "this key", "month": "this key"}
_SPANS = {"key": "minute", "endpoint": "minute", "day": "day (UTC)", "month": "month (UTC)"}


def bad_key() -> AppError:
    """One answer to whatever is wrong with a key, so that it tells nothing of which keys there are."""
    return UnauthorizedError(
        "The header x-api-key holds no key that is good here: it is missing, misspelt, expired, switched off or"
        " replaced, or its owner has not published this path",
        code="INVALID_API_KEY",
    )


def no_endpoint(path: str) -> AppError:
    return NotFoundError(
        f"The owner of this key has no active endpoint at {_shortened(path)}", code="ENDPOINT_NOT_FOUND"
    )


def not_there(path: str) -> AppError:
    """Likewise for the owner himself, who names the endpoint and needs no key."""
    return NotFoundError(
        f"This endpoint is not at {_shortened(path)}, or has been switched off", code="ENDPOINT_NOT_FOUND"
    )


def wrong_method(method: str, path: str, allowed: Sequence[str]) -> AppError:
    taken = [*(("HEAD",) if "GET" in allowed else ()), *allowed, "OPTIONS"]
    return AppError(
        f"{_shortened(path)} takes {' and '.join(allowed)}, and not {_shortened(method)}",
        status=405,
        code="METHOD_NOT_ALLOWED",
        headers={"Allow": ", ".join(taken)},
    )


def out_of_scope(method: str, path: str) -> AppError:
    return ForbiddenError(
        f"This key may not send {_shortened(method)} to {_shortened(path)}: what it opens, its owner says in its"
        " `permissions`",
        code="OUT_OF_SCOPE",
    )


def over_limit(limits: Sequence[Limit], retry_after: float) -> AppError:
    """Of a limit a minute; `retry_after` in seconds."""
    return _exceeded([each for each in limits if each.name in {"key", "endpoint"}], "RATE_LIMITED", retry_after)


def over_quota(limits: Sequence[Limit], retry_after: float) -> AppError:
    """Of a quota a day or a month."""
    return _exceeded([each for each in limits if each.name in {"day", "month"}], "QUOTA_EXCEEDED", retry_after)


def _exceeded(limits: Sequence[Limit], code: str, retry_after: float) -> AppError:
    reached = [each for each in limits if each.remaining == 0]
    said = " and ".join(f"{_WHOSE[each.name]} takes {_counted(each.quota)} a {_SPANS[each.name]}" for each in reached)
    return RateLimitedError(
        f"{said[:1].upper()}{said[1:]}: try again in {ceil(retry_after)} s",
        code=code,
        details={"limits": [each.name for each in reached], "retry_after": ceil(retry_after)},
    )


def _counted(requests: int) -> str:
    return f"{requests} request{'' if requests == 1 else 's'}"


def _shortened(text: str) -> str:
    longest = 200
    return text if len(text) <= longest else text[:longest] + "…"
