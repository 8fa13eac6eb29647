"""The OpenAPI document of an owner's endpoints: what he gives to those who are to call them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from api.envelopes import GATEWAY
from api.gateway.patterns import PARAMETER, WILDCARD
from api.state import AppState
from zilliance.database import READING
from zilliance.identity import Identity

Json = dict[str, Any]

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_TEXT: Json = {"type": "string"}
_PATH_SAFE = "/!$&'()*+,;=:@-._~"

_REFUSALS: Mapping[str, str] = {
    "400": "The path, the query, a header or the body is one that cannot be passed on",
    "401": "The key is missing or not valid",
    "403": "The key is not for this",
    "404": "There is no such endpoint",
    "405": "The path takes other methods, which `Allow` names",
    "408": "No more of the body came in time",
    "413": "The body is too large",
    "429": "Too many requests; `Retry-After` says when there is room again",
    "502": "The target could not be reached, or its answer could not be read",
    "503": "Too much is under way, or the target fails too often and is left alone for a while: `Retry-After`",
    "504": "The target did not answer in time",
}


@dataclass(frozen=True, slots=True)
class DescribedEndpoint:
    """What the document says of an active endpoint."""

    id: str
    name: str
    path: str
    method: str
    description: str | None
    rate_limit: int
    timeout_ms: int
    cache_seconds: int
    updated_at: str


_ENDPOINTS = """
SELECT coalesce(json_agg(e), '[]')::text FROM (
    SELECT id, name, path, method, description, rate_limit, timeout_ms, cache_seconds, updated_at
      FROM public.api_endpoints WHERE is_active ORDER BY path, method LIMIT 1000
) AS e
"""


async def endpoints_of(state: AppState, owner: Identity) -> list[DescribedEndpoint]:
    """The active endpoints of the caller; an account has a few hundred at most."""
    async with state.transaction(owner, READING) as connection:
        rows: str = await connection.fetchval(_ENDPOINTS)
    return [DescribedEndpoint(**row) for row in orjson.loads(rows)]


def document_of(endpoints: Sequence[DescribedEndpoint], server: str) -> Json:
    """The OpenAPI 3.1 document of endpoints that are called under `server`, the address of the platform.

    OpenAPI has no wildcards, and one name for a parameter at one place of a path: a wildcard is a parameter here, and
    where two paths differ by the names of parameters alone the first one's are used.
    """
    paths: dict[str, Json] = {}
    names: dict[str, list[str]] = {}
    for endpoint in sorted(endpoints, key=lambda each: (WILDCARD in each.path, each.path, each.method)):
        shape = _shape(endpoint.path)
        names.setdefault(shape, _names(endpoint.path))
        item = paths.setdefault(shape, {"parameters": [_parameter(name) for name in names[shape]]})
        operation = item.setdefault(endpoint.method.lower(), _operation(endpoint))
        if operation["x-zilliance"]["endpoint_id"] != endpoint.id:
            operation["description"] += f"\n\nA path that does not match may still be of `{endpoint.path}`."
    return {
        "openapi": "3.1.0",
        "info": {"title": "API", "version": max((each.updated_at for each in endpoints), default="0")[:10]},
        "servers": [{"url": server + GATEWAY}],
        "security": [{"key": []}],
        "paths": {_written(shape, names[shape]): item for shape, item in sorted(paths.items())},
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": {"Refusal": _refusal_schema()},
            "headers": _headers(),
            "responses": {f"Refusal{status}": _refusal(status, words) for status, words in _REFUSALS.items()},
        },
    }


def _shape(path: str) -> str:
    return "/".join("{}" if _is_variable(segment) else segment for segment in path.split("/"))


def _is_variable(segment: str) -> bool:
    return segment == WILDCARD or PARAMETER.fullmatch(segment) is not None


def _names(path: str) -> list[str]:
    """The names of the variable segments; a wildcard has one that no parameter has."""
    variables = [segment for segment in path.split("/") if _is_variable(segment)]
    names = [segment[1:-1] for segment in variables if segment != WILDCARD]
    if len(names) < len(variables):
        names.append(next(name for name in ("rest", "the_rest", "all_the_rest", *_numbered()) if name not in names))
    return names


def _numbered() -> list[str]:
    return [f"rest_{number}" for number in range(64)]  # more than a path can have segments


def _written(shape: str, names: Sequence[str]) -> str:
    """The shape with names in its places, and all else as it is in a URL: clients send it as it stands there."""
    first, *others = (quote(text, safe=_PATH_SAFE) for text in shape.split("{}"))
    return first + "".join(f"{{{name}}}{text}" for name, text in zip(names, others, strict=True))


def _parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {**_TEXT, "minLength": 1}}


def _operation(endpoint: DescribedEndpoint) -> Json:
    described = [endpoint.description or ""]
    if endpoint.path.endswith(f"/{WILDCARD}"):
        described.append(f"`{endpoint.path}` takes any number of segments in the place of its last one.")
    operation: Json = {
        "operationId": f"{endpoint.method.lower()}_{endpoint.id.replace('-', '')}",
        "summary": endpoint.name,
        "description": "\n\n".join(part for part in described if part),
        # Any query is passed on: OpenAPI says so with an object whose members are the parameters.
        "parameters": [
            {
                "name": "query",
                "in": "query",
                "style": "form",
                "explode": True,
                "schema": {"type": "object", "additionalProperties": _TEXT},
            }
        ],
        "responses": {
            "default": {
                "description": "What the target answers, with its status",
                "headers": {
                    name: {"$ref": f"#/components/headers/{name}"} for name in _headers() if name != "Retry-After"
                },
                "content": {"*/*": {}},
            },
            **{status: {"$ref": f"#/components/responses/Refusal{status}"} for status in _REFUSALS},
        },
        "x-zilliance": {
            "endpoint_id": endpoint.id,
            "requests_a_minute": endpoint.rate_limit,
            "timeout_ms": endpoint.timeout_ms,
            "cache_seconds": endpoint.cache_seconds,
        },
    }
    if endpoint.method in _WITH_BODY:
        operation["requestBody"] = {"content": {"*/*": {}}}
    return operation


def _headers() -> dict[str, Json]:
    described = {
        "RateLimit-Policy": 'The limits that hold, such as `"key";q=100;w=60`: so many requests in so many seconds',
        "RateLimit": 'What is left of each, such as `"key";r=42;t=7`, and in how many seconds there is more',
        "Retry-After": "Seconds",
    }
    return {name: {"description": text, "schema": _TEXT} for name, text in described.items()}


def _refusal_schema() -> Json:
    members = {"error": _TEXT, "code": _TEXT, "details": {}}
    return {"type": "object", "properties": members, "required": ["error", "code"]}


def _refusal(status: str, words: str) -> Json:
    refusal: Json = {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
    }
    if status in {"429", "503"}:
        refusal["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return refusal
