"""What an account changes of itself."""

from api.accounts.accounts import BY_EMAIL, current, proven
from api.accounts.rules import MAX_USER_METADATA, UNPROCESSABLE, address, check_password, merged, no_phone
from api.schemas.auth import User, UserUpdate
from api.state import AppState
from models.queries import accounts, sessions
from models.queries.accounts import Account, AccountChange
from models.queries.sessions import Scope
from zilliance.database import PostgresError
from zilliance.errors import AppError, ForbiddenError, InvalidInputError
from zilliance.identity import Identity
from zilliance.passwords import hash_password, verify_password

UNIQUE_VIOLATION = "23505"


async def update(state: AppState, caller: Identity, body: UserUpdate) -> User:
    """Change the caller's account. A new password ends its other sessions."""
    async with state.accounts.service(reason="accounts are read by the account service alone") as connection:
        account = await current(connection, caller)
    change = await _change(state, account, body)
    try:
        async with state.accounts.service(reason="accounts are written by the account service alone") as connection:
            await current(connection, caller)  # hashing took a while: the session may have ended
            updated = await accounts.update(connection, account.id, change)
            if change.encrypted_password:
                await sessions.end(connection, account.id, caller.session_id, Scope.OTHERS)
    except PostgresError as error:
        if error.sqlstate != UNIQUE_VIOLATION:
            raise
        raise address_taken() from error
    return User.of(updated or account)


def address_taken() -> AppError:
    message = "A user with this email address has already been registered"
    return AppError(message, status=UNPROCESSABLE, code="email_exists")


async def _change(state: AppState, account: Account, body: UserUpdate) -> AccountChange:
    if body.app_metadata is not None:
        raise ForbiddenError("Updating app_metadata requires admin privileges", code="not_admin")
    no_phone(body.phone)
    email = _new_address(state, account, body.email)
    data = {**(body.data or {}), **(proven(account.id, email, verified=True) if email else {})}
    merged(account.user_metadata, data, name="data", limit=MAX_USER_METADATA)
    return AccountChange(
        email=email,
        encrypted_password=await _new_password(state, account, body) if body.password is not None else None,
        user_metadata=data,
        app_metadata=BY_EMAIL if account.is_anonymous and email else {},
        confirm=email is not None,
    )


def _new_address(state: AppState, account: Account, text: str | None) -> str | None:
    """The address to take at once. Raises AppError where only mail could prove it, which cannot be sent yet."""
    email = address(text) if text else None
    if email is None or email == account.email:
        return None
    if state.settings.auth.confirm_email:
        message = "A new address needs a mail that confirms it, which this installation does not send yet"
        raise AppError(message, status=UNPROCESSABLE, code="email_provider_disabled")
    return email


async def _new_password(state: AppState, account: Account, body: UserUpdate) -> str:
    """The new password's hash. Raises AppError when it may not be the account's."""
    password = body.password or ""
    if account.is_anonymous and not body.email:
        message = "Updating password of an anonymous user without an email or phone is not allowed"
        raise AppError(message, status=UNPROCESSABLE, code="validation_failed")
    check_password(password, shortest=state.settings.auth.password_min_length)
    if body.current_password is not None and not await verify_password(
        body.current_password, account.encrypted_password
    ):
        raise InvalidInputError("The current password is not the one sent", code="current_password_mismatch")
    if await verify_password(password, account.encrypted_password):
        message = "New password should be different from the old password."
        raise AppError(message, status=UNPROCESSABLE, code="same_password")
    return await hash_password(password)
