"""How an account comes to be and signs in, and whether it is still there."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import JsonValue

from api.accounts import sessions
from api.accounts.rules import (
    MAX_USER_METADATA,
    UNPROCESSABLE,
    address,
    check_password,
    merged,
    no_phone,
    read_address,
)
from api.accounts.sign_in_guard import SignInGuard
from api.schemas.auth import Session, SignUp, TokenRequest, User, UserIdentity
from api.state import AppState
from models.queries import accounts
from models.queries import sessions as session_queries
from models.queries.accounts import Account, NewAccount
from models.queries.sessions import Device
from zilliance.database import Connection
from zilliance.errors import AppError, ForbiddenError, InvalidInputError
from zilliance.identity import Identity
from zilliance.passwords import hash_password, needs_rehash, verify_password

BY_EMAIL: dict[str, JsonValue] = {"provider": "email", "providers": ["email"]}


async def sign_up(state: AppState, body: SignUp, device: Device) -> Session | User:
    """Make an account: signed in at once, or to be confirmed by mail where the installation asks for that."""
    settings = state.settings.auth
    if settings.disable_signup:
        raise AppError("Signups not allowed for this instance", status=UNPROCESSABLE, code="signup_disabled")
    no_phone(body.phone)
    if not body.email:
        return await _sign_up_anonymously(state, body, device)
    if not body.password:
        raise InvalidInputError("Signup requires a valid password", code="validation_failed")
    email = address(body.email)
    check_password(body.password, shortest=settings.password_min_length)
    user_id = uuid4()
    claimed = proven(user_id, email, verified=not settings.confirm_email)
    metadata = merged(body.data or {}, claimed, name="data", limit=MAX_USER_METADATA)
    new = NewAccount(
        id=user_id,
        email=email,
        encrypted_password=await hash_password(body.password),
        app_metadata=BY_EMAIL,
        user_metadata=metadata,
        confirmed=not settings.confirm_email,
        confirmation_sent=settings.confirm_email,
    )
    async with state.accounts.service(reason="nobody is signed in yet") as connection:
        account = await accounts.insert(connection, new)
        if settings.confirm_email:
            # The mail itself (the link, or to the owner of a taken address "you have an account") is not sent yet.
            return _to_be_confirmed(new, claimed)
        if account is None:
            raise AppError("User already registered", status=UNPROCESSABLE, code="user_already_exists")
        return await _first_session(state, connection, account, device)


async def _sign_up_anonymously(state: AppState, body: SignUp, device: Device) -> Session:
    if not state.settings.auth.anonymous_sign_in:
        message = "Anonymous sign-ins are disabled"
        raise AppError(message, status=UNPROCESSABLE, code="anonymous_provider_disabled")
    metadata = merged({}, body.data or {}, name="data", limit=MAX_USER_METADATA)
    new = NewAccount(uuid4(), None, None, app_metadata={}, user_metadata=metadata, is_anonymous=True)
    async with state.accounts.service(reason="nobody is signed in yet") as connection:
        account = await accounts.insert(connection, new)
        if account is None:
            message = f"a random account id came twice: {new.id}"
            raise LookupError(message)
        return await _first_session(state, connection, account, device)


async def _first_session(state: AppState, connection: Connection, account: Account, device: Device) -> Session:
    entered = await accounts.signed_in(connection, account.id, checked=account.encrypted_password)
    return await sessions.start(state, connection, entered or account, device)


def proven(user_id: UUID, email: str, *, verified: bool) -> dict[str, JsonValue]:
    """What the e-mail identity says of an account, which user_metadata repeats."""
    return {"sub": str(user_id), "email": email, "email_verified": verified, "phone_verified": False}


def _to_be_confirmed(new: NewAccount, claimed: dict[str, JsonValue]) -> User:
    """The answer while the address is unproven: made of the request alone, so that it cannot tell a taken address."""
    now = datetime.now(UTC)
    identity = UserIdentity(
        identity_id=uuid4(),
        id=str(new.id),
        user_id=new.id,
        identity_data=claimed,
        provider="email",
        last_sign_in_at=now,
        created_at=now,
        updated_at=now,
        email=new.email,
    )
    return User(
        id=new.id,
        aud="authenticated",
        role="authenticated",
        email=new.email or "",
        phone="",
        confirmation_sent_at=now,
        app_metadata=dict(new.app_metadata),
        user_metadata=dict(new.user_metadata),
        identities=[identity],
        created_at=now,
        updated_at=now,
        is_anonymous=False,
    )


async def sign_in(state: AppState, body: TokenRequest, device: Device) -> Session:
    """Sign in by password. What is wrong is told only to who knows the password, and costs the same to find out."""
    if not body.email:
        no_phone(body.phone)
        raise InvalidInputError("missing email or phone", code="validation_failed")
    email = read_address(body.email)
    secret = state.settings.auth.jwt_secret.get_secret_value()
    guard = SignInGuard.of(email or body.email, device.ip, secret=secret)
    async with state.accounts.service(reason="nobody is signed in yet") as connection:
        await guard.admit(connection)
        account = await accounts.find_by_email(connection, email)
    password, encoded = body.password or "", account.encrypted_password if account else None
    right = await verify_password(password, encoded)  # holds no connection meanwhile
    if not right or account is None or encoded is None:
        async with state.accounts.service(reason="a failed sign-in is nobody's") as connection:
            await guard.count(connection)
        raise _invalid_credentials()
    rehashed = await hash_password(password) if needs_rehash(encoded) else None
    async with state.accounts.service(reason="the caller has just proved who it is") as connection:
        await guard.admit(connection)
        _check_may_sign_in(account)
        await guard.clear(connection)
        entered = await accounts.signed_in(connection, account.id, checked=encoded, rehashed=rehashed)
        if entered is None:
            raise _invalid_credentials()
        return await sessions.start(state, connection, entered, device)


def _check_may_sign_in(account: Account) -> None:
    if sessions.is_banned(account):
        raise InvalidInputError("User is banned", code="user_banned")
    if account.email_confirmed_at is None:
        raise InvalidInputError("Email not confirmed", code="email_not_confirmed")


def _invalid_credentials() -> InvalidInputError:
    return InvalidInputError("Invalid login credentials", code="invalid_credentials")


async def current(connection: Connection, caller: Identity) -> Account:
    """The caller's account, which must be there and signed in still. Raises ForbiddenError."""
    account = await accounts.find(connection, caller.user_id) if caller.user_id else None
    if account is None:
        raise ForbiddenError("User from sub claim in JWT does not exist", code="user_not_found")
    session_id = caller.session_id
    if session_id and not await session_queries.lives(connection, session_id, account.id):
        raise ForbiddenError("Session from session_id claim in JWT does not exist", code="session_not_found")
    if sessions.is_banned(account):
        raise ForbiddenError("User is banned", code="user_banned")
    return account
