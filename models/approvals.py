"""What people are asked by workflows: approvals, callbacks, and the mail that tells them. Reached by functions only."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlmodel import Field

from models.base import (
    JSON_VALUE,
    NOW,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    Identified,
    Table,
    default,
    lengths,
    one_of,
    own_reference,
)

PRIVATE = {"schema": "private"}


class _Asked(Identified, Table):
    """What one task of an execution asks of somebody outside."""

    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE", description="The owner of the execution")
    execution_id: UUID
    key: str = Field(sa_type=TEXT, description="The effect key of the task that asks")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class Approval(_Asked, table=True):
    """A question that one of several people may answer, once."""

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("execution_id", "key"),
        own_reference("execution_id", "workflow_executions", ondelete="CASCADE"),
        one_of("status", ("pending", "approved", "rejected", "expired", "withdrawn")),
        one_of("role", ("admin", "moderator")),
        *lengths(at_least=1, title=200),
        *lengths(body=10_000, comment=10_000),
        CheckConstraint("cardinality(approvers) > 0 OR role IS NOT NULL", name="approvers"),
        Index("approvals_execution_id_idx", "execution_id", "user_id"),
        Index("approvals_user_id_id_idx", "user_id", "id"),
        Index("approvals_approvers_idx", "approvers", postgresql_using="gin"),
        Index("approvals_role_id_idx", "role", "id", postgresql_where=text("role IS NOT NULL")),
        Index("approvals_decided_by_idx", "decided_by", postgresql_where=text("decided_by IS NOT NULL")),
        Index(
            "approvals_undelivered_idx",
            "decided_at",
            postgresql_where=text("decided_at IS NOT NULL AND delivered_at IS NULL"),
        ),
        PRIVATE,
    )

    title: str = Field(sa_type=TEXT)
    body: str | None = Field(default=None, sa_type=TEXT)
    form: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="JSON Schema of what is filled in")
    approvers: list[UUID] = Field(sa_type=ARRAY(Uuid()))  # pyright: ignore[reportArgumentType]  SQLModel's stub wants a class
    role: str | None = Field(default=None, sa_type=TEXT, description="Whoever holds it may decide, too")
    status: str = Field(default="pending", sa_type=TEXT, sa_column_kwargs=default("pending"))
    decided_by: UUID | None = Field(default=None, foreign_key="auth.users.id", ondelete="SET NULL")
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    comment: str | None = Field(default=None, sa_type=TEXT)
    data: JsonValue | None = Field(default=None, sa_type=JSON_VALUE)
    delivered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP, description="When the workflow had it")


class Callback(_Asked, table=True):
    """A URL that a workflow waits behind: whoever holds it answers once."""

    __tablename__ = "callbacks"
    __table_args__ = (
        UniqueConstraint("execution_id", "key"),
        UniqueConstraint("token_hash"),
        own_reference("execution_id", "workflow_executions", ondelete="CASCADE"),
        one_of("status", ("waiting", "received", "closed")),
        Index("callbacks_execution_id_idx", "execution_id", "user_id"),
        Index("callbacks_user_id_idx", "user_id"),
        Index(
            "callbacks_undelivered_idx",
            "received_at",
            postgresql_where=text("received_at IS NOT NULL AND delivered_at IS NULL"),
        ),
        PRIVATE,
    )

    token_hash: bytes = Field(sa_type=LargeBinary)
    status: str = Field(default="waiting", sa_type=TEXT, sa_column_kwargs=default("waiting"))
    body: JsonValue | None = Field(default=None, sa_type=JSON_VALUE)
    received_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    delivered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP, description="When the workflow had it")


class Mail(_Asked, table=True):
    """A message that a workflow sends: written down before it goes out, without its text once it has."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("execution_id", "key", "place"),
        own_reference("execution_id", "workflow_executions", ondelete="CASCADE"),
        Index("mails_execution_id_idx", "execution_id", "user_id"),
        Index("mails_user_id_created_at_idx", "user_id", "created_at"),
        Index("mails_unsent_idx", "created_at", postgresql_where=text("sent_at IS NULL AND failed_at IS NULL")),
        PRIVATE,
    )

    place: int = Field(default=0, sa_column_kwargs=default(0), description="Which of the messages of its task")
    recipients: list[str] = Field(sa_type=TEXT_LIST)
    subject: str = Field(sa_type=TEXT)
    text: str | None = Field(default=None, sa_type=TEXT)
    html: str | None = Field(default=None, sa_type=TEXT)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    failed_at: datetime | None = Field(
        default=None, sa_type=TIMESTAMP, description="When the server refused it for good"
    )
