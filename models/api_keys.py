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
    expires_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    is_active: bool = Field(default=True, sa_column_kwargs=default(True))


class ApiKeyFacts(SQLModel):
    """What the platform writes and shows."""

    prefix: str | None = Field(default=None, sa_type=TEXT, description="The first characters, to tell keys apart")
    last_used_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ApiKey(Timestamped, ApiKeyFacts, ApiKeyBase, Owned, table=True):
    """A row of `api_keys`. Without a digest no key has been issued for it yet, and none matches."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        UniqueConstraint("key_hash"),
        *lengths(at_least=1, name=SHORT),
        *lengths(prefix=SHORT),
        CheckConstraint("octet_length(key_hash) = 32", name="key_hash"),
        CheckConstraint("rate_limit > 0", name="rate_limit"),
        newest_first("api_keys"),
    )

    key_hash: bytes | None = Field(default=None, sa_type=LargeBinary, description="SHA-256 of the key")


class ApiKeyCreate(CreateShape, ApiKeyBase):
    """What an insert takes."""


class ApiKeyUpdate(UpdateShape, ApiKeyBase):
    """What an update takes."""


class ApiKeyPublic(PublicShape, ApiKeyFacts, ApiKeyBase):
    """A key as it is answered: without its digest."""
