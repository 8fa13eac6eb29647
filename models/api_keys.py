"""Keys of the API gateway: the key itself is shown once and only its digest is kept."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_ARRAY,
    JSON_VALUE,
    SHORT,
    TEXT,
    TIMESTAMP,
    CreateShape,
    Owned,
    PublicShape,
    Timestamped,
    UpdateShape,
    default,
    lengths,
    newest_first,
)


class ApiKeyBase(SQLModel):
    """What its owner writes."""

    name: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    permissions: JsonValue = Field(
        default_factory=list, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_ARRAY
    )
    rate_limit: int = Field(default=100, gt=0, sa_column_kwargs=default(100), description="Requests a minute")
    daily_quota: int | None = Field(default=None, gt=0, description="Requests a day (UTC)")
    monthly_quota: int | None = Field(default=None, gt=0, description="Requests a month (UTC)")
    expires_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    is_active: bool = Field(default=True, sa_column_kwargs=default(True))


class ApiKeyFacts(SQLModel):
    """What the platform writes and shows."""

    prefix: str | None = Field(default=None, sa_type=TEXT, description="The first characters, to tell keys apart")
    last_used_at: datetime | None = Field(default=None, sa_type=TIMESTAMP, description="To the minute")
    previous_expires_at: datetime | None = Field(
        default=None, sa_type=TIMESTAMP, description="Until when the key that was replaced is still good"
    )


class ApiKey(Timestamped, ApiKeyFacts, ApiKeyBase, Owned, table=True):
    """A row of `api_keys`. Without a digest no key has been issued for it yet, and none matches."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        UniqueConstraint("key_hash"),
        *lengths(at_least=1, name=SHORT),
        *lengths(prefix=SHORT),
        UniqueConstraint("previous_key_hash"),
        CheckConstraint("octet_length(key_hash) = 32", name="key_hash"),
        CheckConstraint("octet_length(previous_key_hash) = 32", name="previous_key_hash"),
        CheckConstraint("(previous_key_hash IS NULL) = (previous_expires_at IS NULL)", name="previous"),
        CheckConstraint("rate_limit > 0", name="rate_limit"),
        CheckConstraint("daily_quota > 0", name="daily_quota"),
        CheckConstraint("monthly_quota > 0", name="monthly_quota"),
        CheckConstraint("private.valid_permissions(permissions)", name="permissions"),
        newest_first("api_keys"),
    )

    key_hash: bytes | None = Field(default=None, sa_type=LargeBinary, description="SHA-256 of the key")
    previous_key_hash: bytes | None = Field(default=None, sa_type=LargeBinary, description="Of the key it replaced")


class ApiKeyCreate(CreateShape, ApiKeyBase):
    """What an insert takes."""


class ApiKeyUpdate(UpdateShape, ApiKeyBase):
    """What an update takes."""


class ApiKeyPublic(PublicShape, ApiKeyFacts, ApiKeyBase):
    """A key as it is answered: without its digest."""
