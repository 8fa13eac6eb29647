"""The body and headers of an error, as the official clients of each prefix read them."""

from collections.abc import Callable

import orjson
from fastapi import Request, Response

from zilliance.errors import AppError

_Extras = tuple[dict[str, object], dict[str, str]]  # of the body and of the headers

AUTH_API_VERSION = "x-supabase-api-version"
RESUMABLE = "/storage/v1/upload/resumable"
MULTIPART = "/storage/v1/upload/multipart"
GATEWAY = "/gateway/v1"
PROXY_FUNCTION = "/functions/v1/proxy-api-request"

# What clients of storage find under `error`, where that is not the code itself.
_STORAGE_LABELS = {
    "AccessDenied": "Unauthorized",
    "BucketAlreadyExists": "Duplicate",
    "EntityTooLarge": "Payload too large",
    "InvalidBucketName": "Invalid Input",
    "InvalidMimeType": "invalid_mime_type",
    "KeyAlreadyExists": "Duplicate",
    "MissingAuthorization": "Error",
    "NoSuchBucket": "Bucket not found",
    "NoSuchKey": "not_found",
    "RelatedResource": "InvalidRequest",
    "SlowDown": "SlowDown",
}
_HIDDEN = range(400, 500)  # statuses that clients of storage get as 400, with the true one in the body
_TRUE = frozenset({405, 408, 416, 429})


def is_for_gateway(path: str) -> bool:
    """Whether a request is passed on, body and all, to the target of an endpoint."""
    return path.startswith("/gateway/v1/") or path in (GATEWAY, PROXY_FUNCTION)


def render(request: Request, error: AppError) -> Response:
    """The envelope `{"error","code","details"}`, with the fields beside it that the official clients read."""
    prefix = request.url.path.removeprefix("/").partition("/")[0]
    extras, headers = _EXTRAS.get(prefix, _no_extras)(request, error)
    body: dict[str, object] = {"error": error.message, "message": error.message, "code": error.code}
    body |= {"details": error.details or {}, **extras}
    status = _storage_status(request, error.status) if prefix == "storage" else error.status
    return Response(orjson.dumps(body, default=str), status, {**error.headers, **headers}, "application/json")


def _of_rest(_request: Request, error: AppError) -> _Extras:
    body: dict[str, object] = {"details": error.details, "hint": error.hint}
    return body, {"Proxy-Status": f"PostgREST; error={error.code}"}


def _of_auth(request: Request, error: AppError) -> _Extras:
    code = error.code.lower()
    body: dict[str, object] = {"code": code, "error_code": code, "msg": error.message}
    if error.details and "weak_password" in error.details:
        body["weak_password"] = error.details["weak_password"]
    version = request.headers.get(AUTH_API_VERSION)
    return body, {"x-sb-error-code": code, **({AUTH_API_VERSION: version} if version else {})}


def _of_storage(request: Request, error: AppError) -> _Extras:
    label = _STORAGE_LABELS.get(error.code, error.code)
    body, headers = _no_extras(request, error)
    return {**body, "statusCode": str(error.status), "error": label}, headers


def _no_extras(_request: Request, error: AppError) -> _Extras:
    return ({"hint": error.hint} if error.hint else {}), {}


_EXTRAS: dict[str, Callable[[Request, AppError], _Extras]] = {
    "rest": _of_rest,
    "auth": _of_auth,
    "storage": _of_storage,
}


def _storage_status(request: Request, status: int) -> int:
    """The hosted original answers what it refuses with 400, and clients look for just that."""
    if status not in _HIDDEN or status in _TRUE or request.url.path.startswith((RESUMABLE, MULTIPART)):
        return status
    return status if request.app.state.platform.settings.storage.true_status else 400
