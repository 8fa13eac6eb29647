"""What the endpoints of storage ask of a request: who calls, which object, and a body."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ValidationError

from api.deps import State, bearer_of
from api.schemas.storage import StorageError
from api.storage.failures import access_denied, invalid_key, invalid_request, missing_authorization
from api.storage.names import check_bucket_name, check_key, decoded_path
from zilliance.errors import TooLargeError
from zilliance.identity import Identity
from zilliance.tokens import InvalidTokenError

MAX_JSON_BYTES = 2 * 1024 * 1024

Body = TypeVar("Body", bound=BaseModel)

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": StorageError, "description": "Refused; `statusCode` and `code` say why"}
}


async def caller(request: Request, state: State) -> Identity:
    """Who calls: the token of `Authorization`, without one the `apikey`. Raises MissingAuthorization, AccessDenied."""
    token = bearer_of(request) or request.headers.get("apikey")
    if not token:
        raise missing_authorization()
    try:
        identity = state.tokens.identify(token)
    except InvalidTokenError as error:
        raise access_denied(error.reason) from error
    request.state.role = identity.role
    return identity


async def bucket(bucket: Annotated[str, Path(description="The bucket")]) -> str:
    """Raises InvalidBucketName."""
    return check_bucket_name(bucket)


async def object_name(
    request: Request, path: Annotated[str, Path(description="The name of the object, with its folders")]
) -> str:
    """Raises InvalidKey. The server has decoded the path once; what it could not decode is no name."""
    whole = decoded_path(request.scope["raw_path"])
    # Of a path that ends with a line break the router hands over what is before it.
    if whole != request.scope["path"] or not whole.endswith(f"/{path}"):
        raise invalid_key(path, "The path is not UTF-8, or ends with a line break")
    return check_key(path)


def body_of(model: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    """A dependency that reads the body as `model`, whatever `Content-Type` says. Raises InvalidRequest."""

    async def read(request: Request) -> Body:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_JSON_BYTES:
                raise TooLargeError(f"The body is larger than {MAX_JSON_BYTES} bytes")
        try:
            return model.model_validate_json(bytes(body))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = "/".join(str(part) for part in first["loc"])
            raise invalid_request(f"body/{field}: {first['msg']}") from error

    return read


def is_upsert(request: Request) -> bool:
    """Whether an upload may take the place of another object."""
    return request.headers.get("x-upsert", "").strip().lower() == "true"


Caller = Annotated[Identity, Depends(caller)]
BucketId = Annotated[str, Depends(bucket)]
ObjectName = Annotated[str, Depends(object_name)]
Token = Annotated[str, Query(description="The token that the URL was signed with")]
