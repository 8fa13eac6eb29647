"""Routes of the API gateway."""

from typing import Literal, get_args

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_OBJECT,
    JSON_VALUE,
    LONG,
    SHORT,
    TEXT,
    URL,
    CreateShape,
    Owned,
    PublicShape,
    Timestamped,
    UpdateShape,
    default,
    lengths,
    newest_first,
    one_of,
)

MAX_TIMEOUT_MS = 300_000
HttpMethod = Literal["GET", "POST", "PUT", "DELETE", "PATCH"]


class ApiEndpointBase(SQLModel):
    """What its owner writes and reads."""

    name: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    path: str = Field(max_length=URL, sa_type=TEXT, description="Starts with a slash")
    method: HttpMethod = Field(default="GET", sa_type=TEXT, sa_column_kwargs=default("GET"))
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    target_url: str = Field(max_length=URL, sa_type=TEXT, description="http or https")
    rate_limit: int = Field(default=100, gt=0, sa_column_kwargs=default(100), description="Requests a minute")
    timeout_ms: int = Field(default=30_000, ge=1, le=MAX_TIMEOUT_MS, sa_column_kwargs=default(30_000))
    is_active: bool = Field(default=True, sa_column_kwargs=default(True))


class ApiEndpointSecrets(SQLModel):
    """What is written and never read back: headers carry the credentials of the target."""

    headers: JsonValue = Field(default_factory=dict, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT)


class ApiEndpoint(Timestamped, ApiEndpointSecrets, ApiEndpointBase, Owned, table=True):
    """A row of `api_endpoints`."""

    __tablename__ = "api_endpoints"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        UniqueConstraint("user_id", "path", "method"),
        one_of("method", get_args(HttpMethod)),
        *lengths(at_least=1, name=SHORT),
        *lengths(path=URL, description=LONG, target_url=URL),
        CheckConstraint("path LIKE '/%'", name="path"),
        CheckConstraint("target_url ~* '^https?://'", name="target_url"),
        CheckConstraint("rate_limit > 0", name="rate_limit"),
        CheckConstraint(f"timeout_ms BETWEEN 1 AND {MAX_TIMEOUT_MS}", name="timeout_ms"),
        CheckConstraint("jsonb_typeof(headers) = 'object'", name="headers"),
        newest_first("api_endpoints"),
    )


class ApiEndpointCreate(CreateShape, ApiEndpointSecrets, ApiEndpointBase):
    """What an insert takes."""


class ApiEndpointUpdate(UpdateShape, ApiEndpointSecrets, ApiEndpointBase):
    """What an update takes."""


class ApiEndpointPublic(PublicShape, ApiEndpointBase):
    """An endpoint as it is answered: without its headers."""
