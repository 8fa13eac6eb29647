"""Test calls as JSON: what is asked for is put together as a request, and the answer told as what it is."""

import base64
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson

from api.gateway.calls import RawHeaders
from api.gateway.own_calls import OwnAnswer, OwnCall
from api.gateway.patterns import PARAMETER, WILDCARD
from api.schemas.gateway import GatewayTest
from api.state import AppState
from zilliance.database import READING, Record
from zilliance.enums import Role
from zilliance.errors import ForbiddenError, InvalidInputError, NotFoundError
from zilliance.identity import Identity
from zilliance.outbound_rules import check_message

_ENDPOINT = "SELECT user_id, path, method FROM public.api_endpoints WHERE id = $1 AND user_id = $2 AND is_active"
_JSON = "application/json"
MOST_HEAD_BYTES = 16 * 1024  # of query and headers together, as of a request that comes over HTTP
_PATH_SAFE = "/%!$&'()*+,;=:-._~"  # what is in escapes already stays so


async def call_of(state: AppState, caller: Identity, asked: GatewayTest, *, client: str, request_id: str) -> OwnCall:
    """The request to make. Raises NotFoundError for an endpoint that is not the owner's, InvalidInputError."""
    row = await _endpoint(state, caller, asked)
    query = urlencode(asked.query)
    headers, body = _message(asked)
    if len(query) + sum(len(name) + len(value) for name, value in headers) > MOST_HEAD_BYTES:
        message = f"query and headers: more than {MOST_HEAD_BYTES // 1024} KiB together"
        raise InvalidInputError(message, code="VALIDATION_FAILED")
    return OwnCall(
        endpoint_id=asked.endpoint_id,
        method=asked.method or row["method"],
        path=quote(asked.path, safe=_PATH_SAFE) if asked.path else _own_path(row["path"]),
        query=query,
        headers=headers,
        body=body,
        client=client,
        scheme="https",
        request_id=request_id,
    )


def owner_of(caller: Identity, asked: GatewayTest) -> UUID:
    """Whose endpoint is called: the caller's; the service says it. Raises AppError."""
    if caller.role is Role.SERVICE:
        if asked.owner_id is None:
            raise InvalidInputError("ownerId: the service must say whose endpoint it calls", code="VALIDATION_FAILED")
        return asked.owner_id
    if caller.user_id is None or asked.owner_id not in (None, caller.user_id):
        raise ForbiddenError("ownerId: only the service calls endpoints of others")
    return caller.user_id


def told(answer: OwnAnswer) -> dict[str, Any]:
    """An answer as `GatewayTestAnswer`."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    body, encoding = _body(answer, headers)
    return {
        "status": answer.status,
        "headers": headers,
        "body": body,
        "encoding": encoding,
        "size": len(answer.body),
        "truncated": answer.is_cut,
        "duration_ms": answer.milliseconds,
    }


async def _endpoint(state: AppState, caller: Identity, asked: GatewayTest) -> Record:
    """Asked as the caller, which also asks whether his session lives."""
    owner = owner_of(caller, asked)
    async with state.transaction(caller, READING) as connection:
        row = await connection.fetchrow(_ENDPOINT, asked.endpoint_id, owner)
    if row is None:
        raise NotFoundError(f"There is no active endpoint {asked.endpoint_id}", code="ENDPOINT_NOT_FOUND")
    return row


def _own_path(pattern: str) -> str:
    segments = pattern.split("/")
    if WILDCARD in segments or any(PARAMETER.fullmatch(segment) for segment in segments):
        raise InvalidInputError(f"path: needed, as the endpoint's own is {pattern}", code="VALIDATION_FAILED")
    return quote(pattern)


def _message(asked: GatewayTest) -> tuple[RawHeaders, bytes]:
    check_message("GET", asked.headers, 0)
    headers = {name.lower(): value for name, value in asked.headers.items()}
    headers.setdefault("accept-encoding", "identity")  # so that the answer can be read
    body = b""
    if asked.encoding == "base64":
        body = _decoded(asked.body)
    elif isinstance(asked.body, str):
        body = asked.body.encode("utf-8", "replace")
        headers.setdefault("content-type", "text/plain; charset=utf-8")
    elif asked.body is not None:
        body = orjson.dumps(asked.body)
        headers.setdefault("content-type", _JSON)
    return [(name.encode("latin-1"), value.encode()) for name, value in headers.items()], body


def _decoded(body: object) -> bytes:
    if not isinstance(body, str):
        raise InvalidInputError("body: must be base64, as encoding says", code="VALIDATION_FAILED")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise InvalidInputError("body: not base64", code="VALIDATION_FAILED") from error


def _body(answer: OwnAnswer, headers: dict[str, str]) -> tuple[Any, str]:
    """The bytes as JSON where they are called so and are, as text where they are UTF-8, or else as base64."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not answer.body:
        return None, "json"
    if (media == _JSON or media.endswith("+json")) and not answer.is_cut:
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(answer.body), "json"
    if "content-encoding" not in headers:
        with suppress(UnicodeDecodeError):
            return answer.body.decode(), "text"
    return base64.b64encode(answer.body).decode(), "base64"
