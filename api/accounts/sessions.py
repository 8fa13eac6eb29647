"""Sessions: a signed-in device's two tokens, how it gets the next pair, and how it ends."""

import time
from dataclasses import replace

from pydantic import JsonValue

from api.accounts import refresh_tokens
from api.accounts.refresh_tokens import RefreshToken
from api.schemas import auth as schemas
from api.schemas.auth import User
from api.state import AppState
from models.queries import accounts, sessions
from models.queries.accounts import Account
from models.queries.sessions import Device, Scope, Session
from zilliance.database import Connection
from zilliance.enums import Role
from zilliance.errors import AppError, InvalidInputError


async def start(state: AppState, connection: Connection, account: Account, device: Device) -> schemas.Session:
    """Sign a device in."""
    session = await sessions.insert(connection, account.id, key=refresh_tokens.new_key(), device=device)
    return _tokens(state, account, session)


async def refresh(state: AppState, text: str) -> schemas.Session:
    """The next pair of tokens. Raises InvalidInputError, and ends the session when an old token comes back."""
    token = refresh_tokens.parse(text)
    if token is None:
        raise _not_found()
    async with state.accounts.service(reason="a refresh token names a session, not yet a caller") as connection:
        answer = await _use(state, connection, token)
    if isinstance(answer, AppError):
        raise answer
    return answer


async def _use(state: AppState, connection: Connection, token: RefreshToken) -> schemas.Session | AppError:
    """What a token is worth now. A refusal is returned, because raising it here would undo the session's end."""
    session = await sessions.lock(connection, token.session_id)
    account = await accounts.find(connection, session.user_id) if session else None
    if session is None or account is None or not _is_ours(session, token):
        return _not_found()
    if session.expired:
        return InvalidInputError("Invalid Refresh Token: Session Expired", code="session_expired")
    if is_banned(account):
        return InvalidInputError("Invalid Refresh Token: User Banned", code="user_banned")
    behind = session.refresh_counter - token.counter
    # A client that never got the answer to a refresh asks again with the token it has. It may, until the answer's
    # token has been used or this long; what comes later, or is older, is a stolen copy, of one side or the other.
    patience = state.settings.auth.refresh_reuse_seconds
    if behind > 1 or (behind == 1 and session.rotated_seconds > patience):
        await sessions.end(connection, session.user_id, session.id, Scope.LOCAL)
        return InvalidInputError("Invalid Refresh Token: Already Used", code="refresh_token_already_used")
    if behind == 0:
        await sessions.rotate(connection, session.id)
        session = replace(session, refresh_counter=session.refresh_counter + 1)
    return _tokens(state, account, session)


def is_banned(account: Account) -> bool:
    return account.banned_until is not None and account.banned_until.timestamp() > time.time()


def _is_ours(session: Session, token: RefreshToken) -> bool:
    key = session.refresh_key
    return key is not None and token.signed_with(key) and token.counter <= session.refresh_counter


def _not_found() -> InvalidInputError:
    return InvalidInputError("Invalid Refresh Token: Refresh Token Not Found", code="refresh_token_not_found")


def _tokens(state: AppState, account: Account, session: Session) -> schemas.Session:
    key = session.refresh_key
    if key is None:
        message = f"session {session.id} has no key: only sessions made by sign-in can be refreshed"
        raise ValueError(message)
    seconds = state.settings.auth.access_token_seconds
    now = int(time.time())
    return schemas.Session(
        access_token=state.tokens.issue({**_claims(account, session), "iat": now, "exp": now + seconds}),
        expires_in=seconds,
        expires_at=now + seconds,
        refresh_token=refresh_tokens.issue(session.id, session.refresh_counter, key),
        user=User.of(account),
    )


def _claims(account: Account, session: Session) -> dict[str, JsonValue]:
    """What the token says of the account. The role is never the row's: no column may make a caller the service."""
    method = "anonymous" if account.is_anonymous else "password"
    return {
        "sub": str(account.id),
        "email": account.email or "",
        "phone": account.phone or "",
        "app_metadata": account.app_metadata,
        "user_metadata": account.user_metadata,
        "role": Role.AUTHENTICATED.value,
        "aal": session.aal,
        "amr": [{"method": method, "timestamp": int(session.created_at.timestamp())}],
        "session_id": str(session.id),
        "is_anonymous": account.is_anonymous,
    }
