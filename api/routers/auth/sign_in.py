"""Signing up, in and out, and staying signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.accounts import accounts, sessions
from api.deps import State
from api.json_models import documented
from api.routers.auth.deps import Account, From, body_of
from api.schemas.auth import Session, SignUp, TokenRequest, User
from models.queries import sessions as session_queries
from models.queries.sessions import Scope
from zilliance.errors import InvalidInputError

router = APIRouter()


@router.post(
    "/signup",
    response_model=Session | User,
    response_model_exclude_none=True,
    openapi_extra=documented(SignUp),
    summary="Sign up",
)
async def sign_up(body: Annotated[SignUp, Depends(body_of(SignUp))], state: State, device: From) -> Session | User:
    """Make an account. Answers with a session, or with the user alone where addresses are to be confirmed first."""
    return await accounts.sign_up(state, body, device)


@router.post(
    "/token",
    response_model_exclude_none=True,
    openapi_extra=documented(TokenRequest),
    summary="Sign in or refresh",
)
async def token(
    body: Annotated[TokenRequest, Depends(body_of(TokenRequest))], state: State, device: From, grant_type: str = ""
) -> Session:
    """Exchange a password (`grant_type=password`) or a refresh token (`grant_type=refresh_token`) for a session."""
    if grant_type == "password":
        return await accounts.sign_in(state, body, device)
    if grant_type == "refresh_token":
        return await sessions.refresh(state, body.refresh_token or "")
    if grant_type in {"id_token", "web3"}:
        raise InvalidInputError("Provider is not enabled", code="provider_disabled")
    raise InvalidInputError("unsupported_grant_type", code="invalid_credentials")


@router.post("/logout", status_code=204, response_class=Response, summary="Sign out")
async def sign_out(caller: Account, state: State, scope: str = Scope.GLOBAL) -> None:
    """End every session of the account (`global`), this one (`local`), or every other one (`others`)."""
    if scope not in set(Scope):
        raise InvalidInputError(f'Unsupported logout scope "{scope}"', code="validation_failed")
    async with state.accounts.service(reason="sessions are ended by the account service alone") as connection:
        account = await accounts.current(connection, caller)
        await session_queries.end(connection, account.id, caller.session_id, Scope(scope))
