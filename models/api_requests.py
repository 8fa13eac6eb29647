"""The gateway's log: one row a request, refused ones too. Rows are only ever added, by the platform.

It is partitioned by day (docs/decisions/0049-the-gateways-log.md), and its references are not enforced: a log says what
was, and its rows are too many for an endpoint that is deleted to wait until all of them have forgotten it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import INET
from sqlmodel import Field, SQLModel

from models.base import (
    CALLER,
    NOW,
    TEXT,
    TIMESTAMP,
    URL,
    Identified,
    PublicShape,
    Timestamped,
    lengths,
    newest_first,
    not_negative,
)


class ApiRequestBase(SQLModel):
    """All of it."""

    endpoint_id: UUID | None = None
    api_key_id: UUID | None = None
    method: str = Field(sa_type=TEXT)
    path: str = Field(sa_type=TEXT)
    status_code: int
    response_time_ms: int | None = Field(default=None)
    request_size: int | None = Field(default=None, sa_type=BigInteger, description="Bytes")
    response_size: int | None = Field(default=None, sa_type=BigInteger, description="Bytes")
    ip_address: str | None = Field(default=None, sa_type=INET)
    user_agent: str | None = Field(default=None, sa_type=TEXT)


class ApiRequest(Timestamped, ApiRequestBase, Identified, table=True):
    """A row of `api_requests`. Nobody owns a request whose key is nobody's."""

    __tablename__ = "api_requests"
    __table_args__: tuple[Any, ...] = (
        ForeignKeyConstraint(["user_id"], ["auth.users.id"]),
        ForeignKeyConstraint(["endpoint_id", "user_id"], ["api_endpoints.id", "api_endpoints.user_id"]),
        ForeignKeyConstraint(["api_key_id", "user_id"], ["api_keys.id", "api_keys.user_id"]),
        *lengths(method=20, path=URL, user_agent=URL),
        CheckConstraint("status_code BETWEEN 100 AND 599", name="status_code"),
        *not_negative("response_time_ms", "request_size", "response_size"),
        newest_first("api_requests"),
        Index("api_requests_endpoint_id_idx", "user_id", "endpoint_id", text("created_at DESC")),
        Index("api_requests_api_key_id_idx", "user_id", "api_key_id", text("created_at DESC")),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    user_id: UUID | None = Field(default=None, sa_column_kwargs=CALLER)
    created_at: datetime = Field(primary_key=True, sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class ApiRequestPublic(PublicShape, ApiRequestBase):
    """A request as it is answered."""
