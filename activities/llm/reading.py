"""What a provider's refusal means, in our codes. Nothing that it quotes of the operator's key goes any further."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import cast

from activities.llm.failures import ChatError, Outcome
from workflows.contracts.ai import Code

_SAID_CHARACTERS = 300

_TOO_LONG = (
    "context_length", "context length", "maximum context", "context window", "too many tokens", "prompt is too long",
    "input is too long", "token count",
)  # fmt: skip
_REFUSED_CONTENT = ("content_filter", "content_policy", "content policy", "moderation", "safety", "prohibited_content")
_NO_CREDIT = (
    "insufficient_quota", "insufficient credits", "credit balance", "out of credits", "billing_not_active",
    "billing_hard_limit",
)  # fmt: skip
# Parameters that some gateways do not know, with the words by which their refusals are told.
_PARAMETERS = {
    "json_schema": ("json_schema", "response_format", "structured output"),
    "json_object": ("json_object", "response_format", "json mode"),
    "stream_options": ("stream_options", "include_usage"),
    "max_tokens": ("max_tokens",),
    "temperature": ("temperature",),
}
_UNKNOWN = (
    "not support", "n't support", "unsupported", "unrecognized", "unrecognised", "unknown", "not permitted",
    "not allowed", "extra inputs", "unexpected", "not available", "not implemented",
)  # fmt: skip
_PASSING_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
_INVALID = ("invalid",)  # this schema, say: another may be taken
_OF_ONE_SCHEMA = "invalid schema"  # "'oneOf' is not permitted": what one account asked for says nothing of the gateway


def status_error(
    status: int, body: object, message: str, headers: Mapping[str, str], sent: frozenset[str]
) -> ChatError:
    """A refusal by HTTP status. `sent` are the parameters of the call that a gateway may not know."""
    code, said = _code_of(body), message[:_SAID_CHARACTERS]
    words = f"{code} {message}".lower()
    error = _by_status(status, words, said, headers) or _by_words(words, said, sent) or _unknown(status, said)
    error.status = status
    error.request_id = headers.get("x-request-id")
    return error


def stream_error(body: object, message: str) -> ChatError:
    """An error that a provider tells in the middle of its answer."""
    code, said = _code_of(body), message[:_SAID_CHARACTERS]
    words = f"{code} {message}".lower()
    if code.isdigit():
        return (
            _by_status(int(code), words, said, {}) or _by_words(words, said, frozenset()) or _unknown(int(code), said)
        )
    if any(each in words for each in _NO_CREDIT):
        return ChatError(Code.CREDITS_EXHAUSTED, _no_credit(said))
    return _by_words(words, said, frozenset()) or ChatError(
        Code.UNAVAILABLE, f"the provider broke off with an error: {said}", outcome=Outcome.CUT
    )


def _by_status(status: int, words: str, said: str, headers: Mapping[str, str]) -> ChatError | None:
    if status in {HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.TOO_MANY_REQUESTS}:
        return _no_more(status, words, said, headers)
    moderated = status == HTTPStatus.FORBIDDEN and any(each in words for each in _REFUSED_CONTENT)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and not moderated:
        # Providers quote the key in these.
        detail = f"the provider refused the key with status {status}: set ZILLIANCE_AI__API_KEY to one that is valid"
        return ChatError(Code.KEY_REFUSED, detail)
    if status in _PASSING_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = f"the provider answered with status {status}: {said}"
        return ChatError(Code.UNAVAILABLE, detail, wait_seconds=retry_after(headers))
    if status < HTTPStatus.BAD_REQUEST:
        detail = "the gateway redirects, which is not followed: set ZILLIANCE_AI__BASE_URL to where it leads"
        return ChatError(Code.REDIRECTED, detail)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return ChatError(Code.CONTEXT_TOO_LONG, f"the provider takes no request that long: {said}")
    return None


def _no_more(status: int, words: str, said: str, headers: Mapping[str, str]) -> ChatError:
    wait = retry_after(headers)
    # Refusals of a minute's limit speak of plans and billing, too; who says when to come back means that.
    if status == HTTPStatus.PAYMENT_REQUIRED or (wait is None and any(each in words for each in _NO_CREDIT)):
        return ChatError(Code.CREDITS_EXHAUSTED, _no_credit(said))
    return ChatError(Code.RATE_LIMITED, f"the provider takes no more calls for now: {said}", wait_seconds=wait)


def _by_words(words: str, said: str, sent: frozenset[str]) -> ChatError | None:
    if any(each in words for each in _TOO_LONG):
        return ChatError(Code.CONTEXT_TOO_LONG, f"the messages are too long for the model: {said}")
    if any(each in words for each in _REFUSED_CONTENT):
        return ChatError(Code.CONTENT_REFUSED, f"the provider declines: {said}", outcome=Outcome.REFUSED)
    is_unknown = any(each in words for each in _UNKNOWN)
    always = is_unknown and _OF_ONE_SCHEMA not in words
    if is_unknown or any(each in words for each in _INVALID):
        for name, signs in _PARAMETERS.items():
            if name in sent and any(each in words for each in signs):
                detail = f"the gateway does not take {name}: {said}"
                return ChatError(Code.REQUEST_REFUSED, detail, lacks=name, always_lacks=always)
    return None


def _unknown(status: int, said: str) -> ChatError:
    return ChatError(Code.REQUEST_REFUSED, f"the provider refused the request with status {status}: {said}")


def _no_credit(said: str) -> str:
    return f"the credits at the provider are used up: {said}"


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait as `Retry-After` says it, as a number or a date; by the provider's own clock if it tells it."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value)) if value[0].isdigit() else _until(value, headers, now or datetime.now(UTC))
    except (ValueError, TypeError, OverflowError):
        return None


def _until(value: str, headers: Mapping[str, str], now: datetime) -> float:
    moment = parsedate_to_datetime(value)
    theirs = headers.get("date", "").strip()
    return max(0.0, (moment - (parsedate_to_datetime(theirs) if theirs else now)).total_seconds())


def _code_of(body: object) -> str:
    """The provider's own code for an error."""
    if not isinstance(body, Mapping):
        return ""
    members = cast("Mapping[str, object]", body)
    inner = members.get("error")
    if isinstance(inner, Mapping):
        members = cast("Mapping[str, object]", inner)
    return str(members.get("code") or members.get("type") or "")
