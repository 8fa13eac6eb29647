"""What a call of a webhook says, as the input of a run: method, headers, query and body."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

from api.json_input import decode
from workflows.json_text import storable
from zilliance.errors import InvalidInputError, TooLargeError

MAX_BODY = 1024 * 1024
MAX_FIELDS = 1000

# What proves who calls is no business of the run, and its row is read by others than the caller.
_CREDENTIALS = frozenset(
    {
        "authorization", "proxy-authorization", "cookie", "apikey", "x-api-key", "webhook-signature",
        "x-hub-signature", "x-hub-signature-256", "stripe-signature",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HookCall:
    """One request. Header names are in lower case."""

    method: str
    headers: Mapping[str, str]
    query: str
    body: bytes


def trigger_text(call: HookCall) -> str:
    """The input as JSON text that PostgreSQL takes. Raises InvalidInputError, TooLargeError."""
    if len(call.body) > MAX_BODY:
        raise TooLargeError(f"The body is larger than {MAX_BODY // 1024} KiB")
    data = {
        "method": call.method,
        "headers": {name: value for name, value in call.headers.items() if name not in _CREDENTIALS},
        "query": _fields(call.query),
        "body": _body(call),
    }
    try:
        return storable(orjson.dumps(data).decode())
    except TypeError as error:  # what came from JSON can only be too deep
        raise InvalidInputError("The body is nested too deep: at most 250 levels", code="VALIDATION_FAILED") from error


def delivery_of(scheme: str, call: HookCall) -> str | None:
    """What stands for this delivery in all its repeats, as a digest; None when the caller names nothing."""
    match scheme:
        case "standard-webhooks":
            name = call.headers.get("webhook-id")
        case "github":
            name = call.headers.get("x-github-delivery")
        case "stripe":
            name = _event_id(call.body)
        case _:
            name = call.headers.get("idempotency-key") or call.headers.get("webhook-id")
    return hashlib.sha256(name.encode()).hexdigest() if name else None


def _event_id(body: bytes) -> str | None:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    name: object = event.get("id") if isinstance(event, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return name if isinstance(name, str) else None


def _body(call: HookCall) -> object:
    if not call.body:
        return None
    media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == "application/json" or media.endswith("+json"):
        return decode(call.body)
    try:
        text = call.body.decode()
    except UnicodeDecodeError as error:
        message = "The body is neither JSON nor a form nor text in UTF-8"
        raise InvalidInputError(message, code="VALIDATION_FAILED", hint="Send the address of binary data") from error
    return _fields(text) if media == "application/x-www-form-urlencoded" else text


def _fields(text: str) -> dict[str, object]:
    """The fields of a form or a query; a name that comes more than once has a list."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise InvalidInputError(f"More than {MAX_FIELDS} fields", code="VALIDATION_FAILED") from error
    return _grouped(pairs)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
