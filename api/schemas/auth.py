"""What `/auth/v1` reads and writes, in the shapes of the official clients. Fields it does not know are ignored."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from models.queries.accounts import Account

Metadata = dict[str, JsonValue]

_PASSWORD = "correct horse"  # noqa: S105  of the examples


def _example(**body: JsonValue) -> ConfigDict:
    return ConfigDict(extra="ignore", hide_input_in_errors=True, json_schema_extra={"examples": [body]})


class SignUp(BaseModel):
    """A new account. With neither address nor phone it is an anonymous one."""

    model_config = _example(email="ada@example.com", password=_PASSWORD, data={"first_name": "Ada"})

    email: str | None = None
    phone: str | None = None
    password: str | None = None
    data: Annotated[Metadata | None, Field(description="Becomes user_metadata; names and avatar_url the profile")] = (
        None
    )


class TokenRequest(BaseModel):
    """A grant: `email` and `password` for `password`, `refresh_token` for `refresh_token`."""

    model_config = _example(email="ada@example.com", password=_PASSWORD)

    email: str | None = None
    phone: str | None = None
    password: str | None = None
    refresh_token: str | None = None


class UserUpdate(BaseModel):
    """What an account changes of itself. `data` is merged into user_metadata; null takes a key away."""

    model_config = _example(data={"theme": "dark"})

    email: str | None = None
    phone: str | None = None
    password: str | None = None
    current_password: str | None = None
    data: Metadata | None = None
    app_metadata: Metadata | None = None


class AdminUserUpdate(BaseModel):
    """What the service may set of an account."""

    model_config = _example(email="ada@example.com", password=_PASSWORD, email_confirm=True)

    email: str | None = None
    phone: str | None = None
    password: str | None = None
    password_hash: str | None = None
    email_confirm: bool | None = None
    user_metadata: Metadata | None = None
    app_metadata: Metadata | None = None
    role: str | None = None
    ban_duration: Annotated[str | None, Field(description="Like 24h or 1h30m; none lifts a ban")] = None


class AdminUserCreate(AdminUserUpdate):
    """An account that the service makes."""

    id: UUID | None = None


class AdminUserDelete(BaseModel):
    """How to delete: a soft deletion keeps the row, without anything that says whose it was."""

    model_config = _example(should_soft_delete=False)

    should_soft_delete: bool = False


class UserIdentity(BaseModel):
    """One way of an account to prove who it is."""

    identity_id: UUID
    id: str
    user_id: UUID
    identity_data: Metadata
    provider: str
    last_sign_in_at: AwareDatetime | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    email: str | None = None


class User(BaseModel):
    """An account as its owner sees it. Fields without a value are left out of answers."""

    id: UUID
    aud: str
    role: str
    email: str
    email_confirmed_at: datetime | None = None
    invited_at: datetime | None = None
    phone: str
    phone_confirmed_at: datetime | None = None
    confirmation_sent_at: datetime | None = None
    confirmed_at: datetime | None = None
    recovery_sent_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    app_metadata: Metadata
    user_metadata: Metadata
    identities: list[UserIdentity]
    created_at: datetime
    updated_at: datetime
    banned_until: datetime | None = None
    deleted_at: datetime | None = None
    is_anonymous: bool

    @classmethod
    def of(cls, account: Account) -> "User":
        return cls(
            id=account.id,
            aud=account.aud,
            role=account.role,
            email=account.email or "",
            email_confirmed_at=account.email_confirmed_at,
            invited_at=account.invited_at,
            phone=account.phone or "",
            phone_confirmed_at=account.phone_confirmed_at,
            confirmation_sent_at=account.confirmation_sent_at,
            confirmed_at=account.email_confirmed_at or account.phone_confirmed_at,
            recovery_sent_at=account.recovery_sent_at,
            last_sign_in_at=account.last_sign_in_at,
            app_metadata=account.app_metadata,
            user_metadata=account.user_metadata,
            identities=[_identity(each) for each in account.identities],
            created_at=account.created_at,
            updated_at=account.updated_at,
            banned_until=account.banned_until,
            deleted_at=account.deleted_at,
            is_anonymous=account.is_anonymous,
        )


class Session(BaseModel):
    """A signed-in device's tokens, and whose they are."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105  RFC 6750's name of a kind of token
    expires_in: int
    expires_at: int
    refresh_token: str
    user: User


class UserPage(BaseModel):
    """One page of accounts."""

    users: list[User]
    aud: str = "authenticated"


def _identity(row: dict[str, JsonValue]) -> UserIdentity:
    """PostgreSQL writes times in JSON in the session's time zone; every time of an answer is in UTC."""
    identity = UserIdentity.model_validate(row)
    times = {name: getattr(identity, name) for name in ("last_sign_in_at", "created_at", "updated_at")}
    return identity.model_copy(update={name: time.astimezone(UTC) for name, time in times.items() if time})
