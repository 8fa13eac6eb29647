"""Accounts: schema `auth`, which the login `zauth` alone reads and writes."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INET
from sqlmodel import Field

from models.base import EMPTY_OBJECT, JSON_VALUE, NOW, TEXT, TIMESTAMP, Identified, Table, Timestamped, default, one_of

AUTH = {"schema": "auth"}
EMAIL = 320


class User(Timestamped, Identified, table=True):
    """An account."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(f"char_length(email) BETWEEN 3 AND {EMAIL}", name="email_length"),
        # One spelling, so that equality finds it and one address is one account.
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("jsonb_typeof(raw_app_meta_data) = 'object'", name="raw_app_meta_data"),
        CheckConstraint("jsonb_typeof(raw_user_meta_data) = 'object'", name="raw_user_meta_data"),
        Index("users_email_key", "email", unique=True, postgresql_where=text("deleted_at IS NULL")),
        Index("users_phone_key", "phone", unique=True, postgresql_where=text("deleted_at IS NULL")),
        Index("users_created_at_idx", text("created_at DESC"), "id"),
        AUTH,
    )

    aud: str = Field(sa_type=TEXT, sa_column_kwargs=default("authenticated"))
    role: str = Field(sa_type=TEXT, sa_column_kwargs=default("authenticated"))
    email: str | None = Field(sa_type=TEXT)
    encrypted_password: str | None = Field(sa_type=TEXT, description="Argon2id; null for an account without one")
    email_confirmed_at: datetime | None = Field(sa_type=TIMESTAMP)
    phone: str | None = Field(sa_type=TEXT)
    phone_confirmed_at: datetime | None = Field(sa_type=TIMESTAMP)
    confirmation_sent_at: datetime | None = Field(sa_type=TIMESTAMP)
    recovery_sent_at: datetime | None = Field(sa_type=TIMESTAMP)
    invited_at: datetime | None = Field(sa_type=TIMESTAMP)
    last_sign_in_at: datetime | None = Field(sa_type=TIMESTAMP)
    raw_app_meta_data: JsonValue = Field(nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT)
    raw_user_meta_data: JsonValue = Field(nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT)
    is_anonymous: bool = Field(sa_column_kwargs=default(False))
    banned_until: datetime | None = Field(sa_type=TIMESTAMP)
    deleted_at: datetime | None = Field(sa_type=TIMESTAMP)


class UserIdentity(Timestamped, Identified, table=True):
    """One way of an account to prove who it is."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("provider_id", "provider"), AUTH)

    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE", index=True)
    provider: str = Field(sa_type=TEXT)
    provider_id: str = Field(sa_type=TEXT)
    identity_data: JsonValue = Field(nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT)
    last_sign_in_at: datetime | None = Field(sa_type=TIMESTAMP)


class Session(Timestamped, Identified, table=True):
    """A signed-in device. Refresh tokens carry the counter, signed with this row's key, so one row is all there is."""

    __tablename__ = "sessions"
    __table_args__ = (one_of("aal", ("aal1", "aal2", "aal3")), AUTH)

    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE", index=True)
    aal: str = Field(sa_type=TEXT, sa_column_kwargs=default("aal1"))
    refresh_counter: int = Field(sa_type=BigInteger, sa_column_kwargs=default(0))
    refresh_key: bytes | None = Field(sa_type=LargeBinary)
    refreshed_at: datetime | None = Field(sa_type=TIMESTAMP)
    last_rotated_at: datetime | None = Field(sa_type=TIMESTAMP)
    not_after: datetime | None = Field(sa_type=TIMESTAMP)
    user_agent: str | None = Field(sa_type=TEXT)
    ip: str | None = Field(sa_type=INET)


class LoginFailure(Table, table=True):
    """Failed sign-ins of one address or account, by a digest of it. Logged, so that a crash does not forgive."""

    __tablename__ = "login_failures"
    __table_args__ = AUTH

    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    failures: int = Field(sa_column_kwargs=default(0))
    window_started_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    blocked_until: datetime | None = Field(sa_type=TIMESTAMP)
