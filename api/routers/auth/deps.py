"""What the account endpoints ask of a request: the project's key, a body, who calls, and from which device."""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.deps import State, bearer_of, project_of
from models.queries.sessions import Device
from zilliance.enums import Role
from zilliance.errors import AppError, ForbiddenError, InvalidInputError, NotFoundError, UnauthorizedError
from zilliance.identity import Identity
from zilliance.tokens import InvalidTokenError

Body = TypeVar("Body", bound=BaseModel)

MAX_USER_AGENT = 300


async def project(request: Request) -> Identity:
    """The role of the `apikey`, which every endpoint but the open ones asks for. Raises UnauthorizedError."""
    return project_of(request)


async def account(request: Request, state: State) -> Identity:
    """The account whose access token came. Whether its session lives is asked where the account is read."""
    identity = _bearer(state, bearer_of(request))
    if identity.user_id is None:
        raise ForbiddenError("invalid claim: missing sub claim", code="bad_jwt")
    return identity


async def administrator(request: Request, state: State, key: Annotated[Identity, Depends(project)]) -> Identity:
    """The service. Without a bearer token the key itself is who calls. Raises UnauthorizedError, ForbiddenError."""
    token = bearer_of(request)
    identity = _bearer(state, token) if token else key
    if identity.role is not Role.SERVICE:
        raise ForbiddenError("User not allowed", code="not_admin")
    return identity


def _bearer(state: State, token: str | None) -> Identity:
    if token is None:
        raise UnauthorizedError("This endpoint requires a valid Bearer token", code="no_authorization")
    try:
        return state.tokens.identify(token)
    except InvalidTokenError as error:
        message = f"invalid JWT: unable to parse or verify signature, {error.reason}"
        raise ForbiddenError(message, code="bad_jwt") from error


async def device(request: Request) -> Device:
    """Where the request comes from: its peer, as no proxy is trusted yet."""
    agent = request.headers.get("user-agent")
    return Device(agent[:MAX_USER_AGENT] if agent else None, _ip(request.client.host if request.client else ""))


def _ip(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None


async def user_id(user_id: str) -> UUID:
    """The id in the path. Raises NotFoundError: a path with anything else leads nowhere."""
    try:
        return UUID(user_id)
    except ValueError as error:
        raise NotFoundError("user_id must be an UUID", code="validation_failed") from error


def body_of(model: type[Body], *, optional: bool = False) -> Callable[[Request], Awaitable[Body]]:
    """A dependency that reads the body as `model`, whatever `Content-Type` says, as the original does.

    Pydantic's own reader, unlike the standard library's, refuses lone surrogates and bounds the nesting.
    """

    async def read(request: Request) -> Body:
        raw = await request.body()
        try:
            return model.model_validate_json(raw or b"{}" if optional else raw)
        except ValidationError as error:
            raise _bad_body(error) from error

    return read


def _bad_body(error: ValidationError) -> AppError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return InvalidInputError(f"Could not parse request body as JSON: {first['msg']}", code="bad_json")
    field = ".".join(str(part) for part in first["loc"]) or "body"
    return InvalidInputError(f"{field}: {first['msg']}", code="validation_failed")


Account = Annotated[Identity, Depends(account)]
From = Annotated[Device, Depends(device)]
UserId = Annotated[UUID, Depends(user_id)]
