"""What an endpoint may ask for, as types in its signature: the state, and who calls."""

import re
from typing import Annotated

from fastapi import Depends, Request

from api.state import AppState
from zilliance.enums import Role
from zilliance.errors import UnauthorizedError
from zilliance.identity import Identity
from zilliance.tokens import InvalidTokenError

_NOT_QUOTABLE = re.compile(r"[^ !#-\[\]-~]")  # a reason may quote the token, which may hold line breaks
_CHALLENGE = 'Bearer error="invalid_token", error_description="{}"'


def state_of(request: Request) -> AppState:
    """The process's state, which the lifespan put on the application."""
    state: AppState = request.app.state.platform
    return state


def project_key_of(request: Request) -> str:
    """The `apikey` of a request, from its header or query. Raises UnauthorizedError when there is none."""
    key = request.headers.get("apikey") or request.query_params.get("apikey")
    if not key:
        raise UnauthorizedError(
            "No API key found in request",
            code="NO_API_KEY",
            hint="No `apikey` request header or url param was found.",
        )
    return key


def project_of(request: Request) -> Identity:
    """The role of the `apikey`, which proves the project. Raises UnauthorizedError."""
    key = project_key_of(request)
    try:
        return state_of(request).tokens.identify(key)
    except InvalidTokenError as error:
        raise UnauthorizedError(
            "Invalid API key",
            code="INVALID_API_KEY",
            hint="Double check your `anon` or `service_role` API key.",
        ) from error


def bearer_of(request: Request) -> str | None:
    """The token of the `Authorization` header, or None without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def caller_of(request: Request) -> Identity:
    """Who calls the data API: the key proves the project, the bearer token says who.

    Without a token the key is the caller. Raises UnauthorizedError.
    """
    project = project_of(request)
    token = bearer_of(request)
    identity = project if token is None or token == project_key_of(request) else identify(state_of(request), token)
    request.state.role = identity.role  # a refusal by PostgreSQL reads differently for anonymous callers
    return identity


def identify(state: AppState, token: str) -> Identity:
    """The caller that a bearer token names. Raises UnauthorizedError in the words of the data API."""
    try:
        return state.tokens.identify(token)
    except InvalidTokenError as error:
        raise UnauthorizedError(
            error.reason,
            code="PGRST303" if error.expired else "PGRST301",
            headers={"WWW-Authenticate": _CHALLENGE.format(_NOT_QUOTABLE.sub("?", error.reason))},
        ) from error


def user_of(request: Request) -> Identity:
    """The signed-in account that calls a function. Raises UnauthorizedError for anybody else."""
    token = bearer_of(request)
    if token is None:
        raise UnauthorizedError("Missing authorization header", code="MISSING_AUTHORIZATION")
    try:
        identity = state_of(request).tokens.identify(token)
    except InvalidTokenError as error:
        raise UnauthorizedError(f"Invalid JWT: {error.reason}", code="INVALID_JWT") from error
    if identity.role is not Role.AUTHENTICATED or identity.user_id is None:
        raise UnauthorizedError("Sign in: this needs the token of an account", code="SIGN_IN_REQUIRED")
    return identity


# FastAPI sends plain functions to a thread, which costs more than what these do.


async def _state(request: Request) -> AppState:
    return state_of(request)


async def _user(request: Request) -> Identity:
    return user_of(request)


State = Annotated[AppState, Depends(_state)]
User = Annotated[Identity, Depends(_user)]
