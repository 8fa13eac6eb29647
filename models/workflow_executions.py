"""Executions of workflow definitions: written by the platform alone, from the accepted request to the last task."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_ARRAY,
    EMPTY_OBJECT,
    JSON_VALUE,
    SHORT,
    TEXT,
    TIMESTAMP,
    Owned,
    PublicShape,
    Timestamped,
    default,
    lengths,
    newest_first,
    not_negative,
    one_of,
    own_reference,
)
from zilliance.enums import ExecutionStatus


class WorkflowExecutionBase(SQLModel):
    """All of it."""

    workflow_id: UUID
    status: ExecutionStatus = Field(
        default=ExecutionStatus.PENDING, sa_type=TEXT, sa_column_kwargs=default(ExecutionStatus.PENDING)
    )
    version: int = Field(default=1, sa_column_kwargs=default(1), description="Of the definition, when this began")
    trigger: str = Field(
        default="manual",
        max_length=SHORT,
        sa_type=TEXT,
        sa_column_kwargs=default("manual"),
        description="What began it",
    )
    trigger_data: JsonValue = Field(
        default_factory=dict, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT
    )
    result_data: JsonValue | None = Field(default=None, sa_type=JSON_VALUE)
    error: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="An object of RFC 7807")
    error_message: str | None = Field(default=None, sa_type=TEXT)
    tasks: JsonValue = Field(
        default_factory=list,
        nullable=False,
        sa_type=JSON_VALUE,
        sa_column_kwargs=EMPTY_ARRAY,
        description="In order: name, reference, status, input, output, error, started_at, completed_at",
    )
    started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    completed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    duration_ms: int | None = Field(default=None, sa_type=BigInteger)


class WorkflowExecution(Timestamped, WorkflowExecutionBase, Owned, table=True):
    """A row of `workflow_executions`."""

    __tablename__ = "workflow_executions"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        own_reference("workflow_id", "workflows", ondelete="CASCADE"),
        one_of("status", ExecutionStatus),
        CheckConstraint("version > 0", name="version"),
        *lengths(at_least=1, trigger=SHORT),
        *not_negative("duration_ms"),
        newest_first("workflow_executions"),
        Index("workflow_executions_workflow_id_idx", "user_id", "workflow_id", text("created_at DESC")),
        # What the reconciler looks through, however many have ended.
        Index(
            "workflow_executions_open_idx",
            "created_at",
            postgresql_where=text("status = ANY (ARRAY['pending'::text, 'running'::text])"),
        ),
    )


class WorkflowExecutionPublic(PublicShape, WorkflowExecutionBase):
    """An execution as it is answered."""
