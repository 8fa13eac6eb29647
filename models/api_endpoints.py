"""Routes of the API gateway."""

from typing import Literal, get_args

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, Column, Computed, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_OBJECT,
    JSON_VALUE,
    LONG,
    SHORT,
    TEXT,
    TEXT_LIST,
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
MAX_CACHE_SECONDS = 86_400
HttpMethod = Literal["GET", "POST", "PUT", "DELETE", "PATCH"]


class ApiEndpointBase(SQLModel):
    """What its owner writes and reads."""

    name: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    path: str = Field(max_length=URL, sa_type=TEXT, description="Such as /orders, /orders/{id} or /files/*")
    method: HttpMethod = Field(default="GET", sa_type=TEXT, sa_column_kwargs=default("GET"))
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    target_url: str = Field(max_length=URL, sa_type=TEXT, description="http or https")
    rate_limit: int = Field(default=100, gt=0, sa_column_kwargs=default(100), description="Requests a minute")
    timeout_ms: int = Field(default=30_000, ge=1, le=MAX_TIMEOUT_MS, sa_column_kwargs=default(30_000))
    is_active: bool = Field(default=True, sa_column_kwargs=default(True))
    headers: JsonValue = Field(
        default_factory=dict,
        nullable=False,
        sa_type=JSON_VALUE,
        sa_column_kwargs=EMPTY_OBJECT,
        description="Added to what is passed on. Values are sealed, and read as four dots and the end of long ones",
    )
    cache_seconds: int = Field(
        default=0,
        ge=0,
        le=MAX_CACHE_SECONDS,
        sa_column_kwargs=default(0),
        description="How long answers that allow it may be kept; 0: none is",
    )


class ApiEndpoint(Timestamped, ApiEndpointBase, Owned, table=True):
    """A row of `api_endpoints`."""

    __tablename__ = "api_endpoints"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        UniqueConstraint("user_id", "path", "method"),
        one_of("method", get_args(HttpMethod)),
        *lengths(at_least=1, name=SHORT),
        *lengths(path=URL, description=LONG, target_url=URL),
        CheckConstraint("target_url ~* '^https?://'", name="target_url"),
        CheckConstraint("rate_limit > 0", name="rate_limit"),
        CheckConstraint(f"timeout_ms BETWEEN 1 AND {MAX_TIMEOUT_MS}", name="timeout_ms"),
        CheckConstraint(f"cache_seconds BETWEEN 0 AND {MAX_CACHE_SECONDS}", name="cache_seconds"),
        CheckConstraint("jsonb_typeof(headers) = 'object'", name="headers"),
        CheckConstraint("jsonb_typeof(sealed_headers) = 'object'", name="sealed_headers"),
        CheckConstraint("private.valid_route(path)", name="route"),
        newest_first("api_endpoints"),
        Index("api_endpoints_user_id_literal_prefix_idx", "user_id", "literal_prefix"),
        Index(
            "api_endpoints_user_id_form_method_idx",
            "user_id",
            text("private.route_form(path)"),
            "method",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        Index("api_endpoints_path_idx", "path", postgresql_using="hash"),
    )

    sealed_headers: JsonValue = Field(
        default_factory=dict, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT
    )
    segments: list[str] | None = Field(
        sa_column=Column(TEXT_LIST, Computed("string_to_array(substr(path, 2), '/')", persisted=True))
    )
    literal_prefix: str | None = Field(
        sa_column=Column(
            TEXT,
            Computed(
                "CASE WHEN path ~ '[{*]' THEN split_part(split_part(path, '{', 1), '*', 1) ELSE NULL END",
                persisted=True,
            ),
        ),
        description="Of a pattern: what stands before its first parameter",
    )


class ApiEndpointCreate(CreateShape, ApiEndpointBase):
    """What an insert takes."""


class ApiEndpointUpdate(UpdateShape, ApiEndpointBase):
    """What an update takes."""


class ApiEndpointPublic(PublicShape, ApiEndpointBase):
    """An endpoint as it is answered: of its headers, what tells one value from another."""
