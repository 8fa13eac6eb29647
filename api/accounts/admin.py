"""What the service does to accounts: lists, makes, changes, bans and deletes them."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from api.accounts.accounts import BY_EMAIL
from api.accounts.changes import UNIQUE_VIOLATION, address_taken
from api.accounts.rules import (
    MAX_APP_METADATA,
    MAX_USER_METADATA,
    address,
    check_password,
    merged,
    no_phone,
)
from api.schemas.auth import AdminUserCreate, AdminUserUpdate, Metadata, User
from api.state import AppState
from models.queries import accounts, sessions
from models.queries.accounts import Account, AccountChange, NewAccount
from models.queries.sessions import Scope
from zilliance.database import PostgresError
from zilliance.enums import Role
from zilliance.errors import InvalidInputError, NotFoundError
from zilliance.passwords import hash_password

REASON = "the service administers accounts of others"
_NO_BAN = "none"
_BAN = re.compile(r"(?:\d{1,6}(?:\.\d{1,3})?[hms]){1,10}", re.ASCII)
_BAN_PART = re.compile(r"(\d+(?:\.\d+)?)([hms])")
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


async def page(state: AppState, *, number: int, size: int) -> tuple[list[User], int]:
    """One page of accounts, and how many there are."""
    async with state.accounts.service(reason=REASON) as connection:
        found, total = await accounts.page(connection, limit=size, offset=(number - 1) * size)
    return [User.of(account) for account in found], total


async def find(state: AppState, user_id: UUID) -> User:
    async with state.accounts.service(reason=REASON) as connection:
        return User.of(_there(await accounts.find(connection, user_id)))


async def create(state: AppState, body: AdminUserCreate) -> User:
    """Make an account. Its address is taken as proven where `email_confirm` says so."""
    _check(body)
    if not body.email:
        raise InvalidInputError("Cannot create a user without either an email or phone", code="validation_failed")
    confirmed = bool(body.email_confirm)
    verified: Metadata = {"email_verified": True} if confirmed else {}
    new = NewAccount(
        id=body.id or uuid4(),
        email=address(body.email),
        encrypted_password=await _password(state, body),
        app_metadata=merged(BY_EMAIL, body.app_metadata or {}, name="app_metadata", limit=MAX_APP_METADATA),
        user_metadata=merged(verified, body.user_metadata or {}, name="user_metadata", limit=MAX_USER_METADATA),
        confirmed=confirmed,
        banned_until=_ban_end(body.ban_duration),
    )
    async with state.accounts.service(reason=REASON) as connection:
        account = await accounts.insert(connection, new)
    if account is None:
        raise address_taken()
    return User.of(account)


async def update(state: AppState, user_id: UUID, body: AdminUserUpdate) -> User:
    """Change an account. A password that the service sets ends all its sessions."""
    _check(body)
    encoded = await _password(state, body)
    try:
        async with state.accounts.service(reason=REASON) as connection:
            account = _there(await accounts.find(connection, user_id))
            updated = await accounts.update(connection, user_id, _change(account, body, encoded))
            if encoded:
                await sessions.end(connection, user_id, None, Scope.GLOBAL)
    except PostgresError as error:
        if error.sqlstate != UNIQUE_VIOLATION:
            raise
        raise address_taken() from error
    return User.of(_there(updated))


async def delete(state: AppState, user_id: UUID, *, soft: bool) -> User:
    """Delete an account and answer with it as it was."""
    async with state.accounts.service(reason=REASON) as connection:
        account = _there(await accounts.find(connection, user_id))
        await accounts.delete(connection, user_id, soft=soft)
    return User.of(account)


def _change(account: Account, body: AdminUserUpdate, encoded: str | None) -> AccountChange:
    email = address(body.email) if body.email else None
    proof: Metadata = {"email_verified": True} if body.email_confirm else {}
    user_metadata = {**(body.user_metadata or {}), **proof}
    app_metadata = body.app_metadata or {}
    merged(account.user_metadata, user_metadata, name="user_metadata", limit=MAX_USER_METADATA)
    merged(account.app_metadata, app_metadata, name="app_metadata", limit=MAX_APP_METADATA)
    return AccountChange(
        email=email,
        encrypted_password=encoded,
        user_metadata=user_metadata,
        app_metadata=app_metadata,
        confirm=bool(body.email_confirm),
        set_ban=body.ban_duration is not None,
        banned_until=_ban_end(body.ban_duration),
    )


def _check(body: AdminUserUpdate) -> None:
    """Raise InvalidInputError for what is not served, rather than leave it out in silence."""
    no_phone(body.phone)
    if body.password_hash is not None:
        raise InvalidInputError("password_hash is not taken; send password", code="validation_failed")
    if body.role not in (None, "", Role.AUTHENTICATED):
        raise InvalidInputError('role must be "authenticated", as of every account', code="validation_failed")


async def _password(state: AppState, body: AdminUserUpdate) -> str | None:
    if not body.password:
        return None
    check_password(body.password, shortest=state.settings.auth.password_min_length)
    return await hash_password(body.password)


def _ban_end(duration: str | None) -> datetime | None:
    """When a ban like `24h` or `1h30m` ends. Raises InvalidInputError."""
    if duration is None or duration == _NO_BAN:
        return None
    if not _BAN.fullmatch(duration):
        message = f'ban_duration "{duration}" is not a duration like "24h" or "1h30m", nor "none"'
        raise InvalidInputError(message, code="validation_failed")
    length = sum((timedelta(**{_UNITS[unit]: float(n)}) for n, unit in _BAN_PART.findall(duration)), timedelta())
    return datetime.now(UTC) + min(length, timedelta(days=36_500))


def _there(account: Account | None) -> Account:
    if account is None:
        raise NotFoundError("User not found", code="user_not_found")
    return account
