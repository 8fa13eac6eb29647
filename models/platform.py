"""The platform's own bookkeeping: schema `private`, reached through functions only."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlmodel import Field

from models.base import JSON_VALUE, NOW, TEXT, TIMESTAMP, Table, default, lengths

PRIVATE = {"schema": "private"}


class SqlFile(Table, table=True):
    """A repeatable SQL file as it was last applied."""

    __tablename__ = "sql_files"
    __table_args__ = PRIVATE

    name: str = Field(primary_key=True, sa_type=TEXT)
    sha256: str = Field(sa_type=TEXT)
    applied_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class WorkflowVersion(Table, table=True):
    """A definition as it once was. Append only: an execution runs the version that was current when it was accepted."""

    __tablename__ = "workflow_versions"
    __table_args__ = (
        Index(
            "workflow_versions_retention_idx",
            "workflow_id",
            "version",
            postgresql_where=text("retention_days IS NOT NULL"),
        ),
        PRIVATE,
    )

    workflow_id: UUID = Field(primary_key=True, foreign_key="workflows.id", ondelete="CASCADE")
    version: int = Field(primary_key=True)
    config: JsonValue | None = Field(sa_type=JSON_VALUE)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    concurrency_limit: int | None = Field(default=None, description="Of `document.metadata.concurrency`; null: none")
    on_limit: str = Field(default="queue", sa_type=TEXT, sa_column_kwargs=default("queue"))
    retention_days: int | None = Field(default=None, description="Of `document.metadata.retention`; null: the usual")


class Effect(Table, table=True):
    """What one call of a function did in one execution, written with the effect itself: it happens once."""

    __tablename__ = "effects"
    __table_args__ = PRIVATE

    execution_id: UUID = Field(primary_key=True, foreign_key="workflow_executions.id", ondelete="CASCADE")
    key: str = Field(primary_key=True, sa_type=TEXT, description="Task reference and iteration path")
    result: JsonValue | None = Field(sa_type=JSON_VALUE)
    undo: JsonValue | None = Field(sa_type=JSON_VALUE, description="How to take it back; null: nothing to take back")
    undone_at: datetime | None = Field(sa_type=TIMESTAMP)
    adopted_id: UUID | None = Field(default=None, description="The execution whose effect this retry has taken over")
    adopted_key: str | None = Field(default=None, sa_type=TEXT, description="And its key there")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class Journal(Table, table=True):
    """What a completed execution has done and its parent may undo: the checkpoint at its end."""

    __tablename__ = "journals"
    __table_args__ = PRIVATE

    execution_id: UUID = Field(primary_key=True, foreign_key="workflow_executions.id", ondelete="CASCADE")
    checkpoint: JsonValue = Field(nullable=False, sa_type=JSON_VALUE)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class IdempotencyKey(Table, table=True):
    """Which execution an `Idempotency-Key` of a caller has begun."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        ForeignKeyConstraint(
            ["execution_id", "user_id"],
            ["workflow_executions.id", "workflow_executions.user_id"],
            ondelete="CASCADE",
        ),
        *lengths(at_least=1, key=255),
        Index("idempotency_keys_execution_id_idx", "user_id", "execution_id"),
        PRIVATE,
    )

    user_id: UUID = Field(primary_key=True, foreign_key="auth.users.id", ondelete="CASCADE")
    key: str = Field(primary_key=True, sa_type=TEXT)
    fingerprint: str = Field(sa_type=TEXT, description="Of the request: the same key with another request is refused")
    execution_id: UUID
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
