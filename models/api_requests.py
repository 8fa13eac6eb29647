"""The gateway's log: one row a request, refused ones too. Rows are only ever added, by the platform."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import INET
from sqlmodel import Field, SQLModel

from models.base import (
    TEXT,
    URL,
    Owned,
    PublicShape,
    Timestamped,
    lengths,
    newest_first,
    not_negative,
    own_reference,
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


class ApiRequest(Timestamped, ApiRequestBase, Owned, table=True):
    """A row of `api_requests`."""

    __tablename__ = "api_requests"
    __table_args__ = (
        own_reference("endpoint_id", "api_endpoints", ondelete="SET NULL (endpoint_id)"),
        own_reference("api_key_id", "api_keys", ondelete="SET NULL (api_key_id)"),
        *lengths(method=20, path=URL, user_agent=URL),
        CheckConstraint("status_code BETWEEN 100 AND 599", name="status_code"),
        *not_negative("response_time_ms", "request_size", "response_size"),
        newest_first("api_requests"),
        Index("api_requests_endpoint_id_idx", "user_id", "endpoint_id", text("created_at DESC")),
        Index("api_requests_api_key_id_idx", "user_id", "api_key_id", text("created_at DESC")),
    )


class ApiRequestPublic(PublicShape, ApiRequestBase):
    """A request as it is answered."""
